"""`smoltalk eval`: what models can do, with intervals; two of them side by side."""

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.progress import Screen
from smoltalk.cli.screen import complain, plain, say, span, table
from smoltalk.errors import Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.eval.results import Results
    from smoltalk.eval.subject import Model
    from smoltalk.eval.task import Task

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
Suite = Literal["lm-eval", "lighteval"]


def evaluate(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL...",
            help="`nano`, a folder, ORG/NAME of the Hub, an engine (`openai: {model: ...}`), or NAME= before one.",
        ),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK",
            help="A task, `name: {fields}`, names with commas, or a YAML file of tasks; may be given often.",
        ),
    ] = None,
    against: Annotated[str | None, typer.Option(metavar="MODEL", help="Compare with this model, item by item.")] = None,
    judge: Annotated[str | None, typer.Option(metavar="MODEL", help="Who compares answers in `side_by_side`.")] = None,
    prompts: Annotated[
        str | None, typer.Option(metavar="DATA", help="Prompts of `ifeval` and `side_by_side`: a file, or the Hub.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Items of each task at most.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where it is written.  [default: evals/MODEL]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    suite: Annotated[Suite | None, typer.Option(help="Print the command of that suite for this model instead.")] = None,
    execute: Annotated[bool, typer.Option("--run", help="With --suite: run the command.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Say which tasks there are.")] = False,
) -> None:
    """Say what models can do, with intervals.

    Replies are kept as they come: the same call goes on where an interrupted one ended.
    """
    from smoltalk.eval.naming import models as named
    from smoltalk.eval.naming import tasks as read

    if listed:
        say("\n".join(_there_is()))
        return
    if not models:
        raise UserError([Problem("MODEL", 0, "names no model", "`nano` is in the package: smoltalk eval nano ...")])
    if not tasks:
        raise UserError([Problem("--tasks", 0, "names no task", "smoltalk eval --list says which there are")])
    if suite is not None:
        _hand_over(suite, named(models), tasks, out, limit, execute)
        return
    against = {one.partition("=")[0]: one for one in models if "=" in one}.get(against or "", against)
    all_named = list(dict.fromkeys([*models, *([against] if against else [])]))
    found, chosen, judging = _all_or_problems(
        lambda: read(_with_prompts(tasks, prompts), limit),
        lambda: named(all_named),
        lambda: named([judge])[0] if judge else None,
    )
    other = chosen[all_named.index(against)].name if against else None
    folder = out or Path("evals") / "-".join(one.name.replace("/", "-") for one in chosen)[:100]
    results = go(chosen, found, folder, other, judging)
    said = [*_trained(chosen, found), *told(results)]
    say(json.dumps(_as_json(results), indent=1, ensure_ascii=False) if as_json else "\n".join(said))
    from smoltalk.eval.report import draw_report

    undrawn = draw_report(folder, chosen)
    if not as_json:
        say("\n" + "\n".join(table(_paths(folder)[bool(undrawn) :])))
    if undrawn:
        complain(f"{folder / 'report.html'} could not be drawn: {undrawn}; the same command tries again")


def go(
    models: "Sequence[Model]",
    tasks: "Mapping[str, Task]",
    folder: Path,
    against: str | None = None,
    judge: "Model | None" = None,
) -> "Results":
    """Evaluate; an interruption says how to go on."""
    from smoltalk.eval.session import evaluate as work
    from smoltalk.redaction import redact_word

    screen, again = Screen(), shlex.join(["smoltalk", *map(redact_word, sys.argv[1:])])
    try:
        results = work(
            models, tasks, folder,
            lambda model, task, done, of: screen.see(lambda: f"{model}  {task}: {done:,} of {of:,}"), against, judge,
        )  # fmt: skip
    except KeyboardInterrupt:
        screen.end()
        kept = f"; all replies are kept in {folder}" if _has_replies(folder) else ""
        complain(f"interrupted{kept}\n    go on with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    except WorldError as error:
        kept = error.kept or (f"all replies so far, in {folder}" if _has_replies(folder) else "")
        raise WorldError(error.sentence, kept, error.command or again) from error
    finally:
        screen.end()
    return results


def _has_replies(folder: Path) -> bool:
    path = folder / "replies.jsonl"
    return path.is_file() and path.stat().st_size > 0


def told(of: "Results") -> list[str]:
    """The results as lines: a table of figures, then what may be said of two models."""
    from smoltalk.eval.page import remarks
    from smoltalk.eval.written import interval, number

    names = [one["name"] for one in of.models]
    heads = ["", "", "items"] + [cell for name in names for cell in (name, "95 % interval")]
    lines = [heads]
    seen: dict[tuple[str, str], None] = dict.fromkeys((one.task, one.metric) for one in of.scores)
    before = ""
    for task, metric in seen:
        cells = [task if task != before else "", metric]
        some = [of.score(name, task, metric) for name in names]
        cells.append(f"{max(one.estimate.items for one in some if one):,}")
        for one in some:
            cells += (
                [number(one.estimate.value, one.unit), interval(one.estimate.low, one.estimate.high, one.unit)]
                if one
                else ["–", ""]
            )
        lines.append(cells)
        before = task
    said = table(lines, frozenset(range(2, 3 + 2 * len(names))))
    if notes := list(remarks(of)):
        said += ["", *(f"  {plain(note)}" for note in notes)]
    kept = f"; {of.kept:,} replies were kept" if of.kept else ""
    return [*said, "", f"  {span(of.seconds)} in this call{kept}"]


def _trained(models: "Sequence[Model]", tasks: "Mapping[str, Task]") -> list[str]:
    """Held-out figures before and after, of models that `smoltalk train` made."""
    from smoltalk.train.page import measured
    from smoltalk.train.results import read

    lines = []
    for model in models:
        found = read(Path(model.weights)) if model.weights else None
        if found and found.get("state") == "complete":
            head = f"{model.name} ({found['kind']})"
            lines += [(head if not place else "", *row) for place, row in enumerate(measured(found))]
    heads = ("when it was trained", "held out", "before", "after")
    if not lines:
        return []
    said = table([heads, *lines], frozenset({2, 3}))
    for name, task in tasks.items():
        if "loss" in {metric.name for metric in task.metrics}:
            which = "the assistant's tokens" if getattr(task, "of", "") == "assistant" else "all tokens"
            data = getattr(task, "data", "its data")
            said.append(f"  `{name}` below is of {which} of {data}; above is the trainer's own, of what it held out")
    return [*said, ""]


def _as_json(of: "Results") -> object:
    from dataclasses import asdict

    return asdict(of)


def _paths(folder: Path) -> list[tuple[str, str]]:
    named = {"report.html": "the page", "results.json": "the figures", "items.jsonl": "each answer and its mark"}
    return [(str(folder / name), what) for name, what in named.items()]


def _with_prompts(given: Sequence[str], prompts: str | None) -> list[str]:
    """The tasks, with `--prompts` as data of those that are prompts and have not said their own."""
    if prompts is None:
        return list(given)
    apart = [name.strip() for one in given for name in ([one] if "{" in one else one.split(","))]
    if not {"ifeval", "side_by_side"} & {*apart}:
        sentence = "are for `ifeval` and `side_by_side`, and neither is asked for"
        raise UserError([Problem("--prompts", 0, sentence, "other tasks are told theirs as `TASK: {data: ...}`")])
    data = json.dumps(prompts)
    return [f"{one}: {{data: {data}}}" if one in ("ifeval", "side_by_side") else one for one in apart if one]


def _all_or_problems(one: Callable[[], A], two: Callable[[], B], three: Callable[[], C]) -> tuple[A, B, C]:
    """What the three make. Raises one `UserError` with what is wrong in any of them."""
    found: list[Any] = []
    problems: list[Problem] = []
    for read in (one, two, three):
        try:
            found.append(read())
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return found[0], found[1], found[2]


def _there_is() -> list[str]:
    from smoltalk.eval.naming import task_class, task_names

    lines = []
    for name in task_names():
        cls = task_class(name)
        first = " ".join((cls.__doc__ or "").split()).partition(". ")[0].partition(" (")[0].rstrip(".")
        lines += [f"  {name}", *_wrapped(first)]
        lines += [line for one in (*cls.metrics, *cls.duels) for line in _wrapped(f"{one.name}: {one.says}", "  ")]
        lines += [*_wrapped(f"fields: {', '.join(cls.model_fields)}"), ""]
    return lines[:-1]


def _wrapped(text: str, more: str = "") -> list[str]:
    from textwrap import wrap

    before = f"    {more}"
    return wrap(text, 100, initial_indent=before, subsequent_indent=f"{before}  ", break_on_hyphens=False)


def _hand_over(
    suite: Suite, models: "Sequence[Model]", tasks: Sequence[str], out: Path | None, limit: int | None, execute: bool
) -> None:
    from smoltalk.eval.handover import command, run, shown

    names = [name.strip() for given in tasks for name in given.split(",") if name.strip()]
    for model in models:
        words = command(suite, model, names, out or Path("evals") / f"{model.name.replace('/', '-')}-{suite}", limit)
        say(shown(words))
        if execute and (code := run(suite, words)):
            raise WorldError(f"{suite} ended with exit code {code}", command=shown(words))
