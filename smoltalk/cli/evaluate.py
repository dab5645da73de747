"""`smoltalk eval`: what models can do, with intervals; two of them side by side."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from smoltalk.cli.progress import Screen
from smoltalk.cli.screen import complain, plain, say, span, table
from smoltalk.errors import Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.eval.results import Results
    from smoltalk.eval.subject import Model
    from smoltalk.eval.task import Task

Suite = Literal["lm-eval", "lighteval"]


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="`nano`, a folder, ORG/NAME of the Hub, an engine (`openai: {model: ...}`), or NAME= before one.",
        ),
    ],
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
    if not tasks:
        raise UserError([Problem("--tasks", 0, "names no task", "smoltalk eval MODEL --list says which there are")])
    if suite is not None:
        _hand_over(suite, named(models), tasks, out, limit, execute)
        return
    found = read([_with_prompts(one, prompts) for one in tasks], limit)
    all_named = list(dict.fromkeys([*models, *([against] if against else [])]))
    chosen = named(all_named)
    other = chosen[all_named.index(against)].name if against else None
    judging = named([judge])[0] if judge else None
    folder = out or Path("evals") / "-".join(one.name.replace("/", "-") for one in chosen)[:100]
    results = go(chosen, found, folder, other, judging)
    say(json.dumps(_as_json(results), indent=1, ensure_ascii=False) if as_json else "\n".join(told(results)))
    if not as_json:
        say("\n" + "\n".join(table(_paths(folder))))


def go(
    models: "Sequence[Model]",
    tasks: "Mapping[str, Task]",
    folder: Path,
    against: str | None = None,
    judge: "Model | None" = None,
) -> "Results":
    """Evaluate, and write the page; an interruption says how to go on."""
    from smoltalk.eval.report import write_report
    from smoltalk.eval.session import evaluate as work

    screen = Screen()
    try:
        results = work(
            models, tasks, folder,
            lambda model, task, done, of: screen.see(lambda: f"{model}  {task}: {done:,} of {of:,}"), against, judge,
        )  # fmt: skip
    except KeyboardInterrupt:
        screen.end()
        complain(f"interrupted; all replies are kept in {folder}, and the same command goes on")
        raise
    finally:
        screen.end()
    try:
        write_report(folder, results, models)
    except OSError as error:
        raise WorldError(
            f"{folder}: {error.strerror or error}", kept=f"the figures, in {folder / 'results.json'}"
        ) from error
    return results


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


def _as_json(of: "Results") -> object:
    from dataclasses import asdict

    return asdict(of)


def _paths(folder: Path) -> list[tuple[str, str]]:
    named = {"report.html": "the page", "results.json": "the figures", "items.jsonl": "each answer and its mark"}
    return [(str(folder / name), what) for name, what in named.items()]


def _with_prompts(task: str, prompts: str | None) -> str:
    """The task with `--prompts` as its data, where the task has not said its own."""
    if prompts is None:
        return task
    if task not in ("ifeval", "side_by_side"):
        hint = f"write it as `{task}: {{data: {prompts}}}`"
        raise UserError([Problem("--prompts", 0, f"are for `ifeval` and `side_by_side`, not for `{task}`", hint)])
    return f"{task}: {{data: {json.dumps(prompts)}}}"


def _there_is() -> list[str]:
    from smoltalk.eval.naming import task_class, task_names

    rows = []
    for name in task_names():
        cls = task_class(name)
        said = " ".join((cls.__doc__ or "").split())
        first = said.partition(". ")[0].partition(" (")[0]
        rows.append((name, ", ".join(metric.name for metric in (*cls.metrics, *cls.duels)), first[:100]))
    return table(rows)


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
