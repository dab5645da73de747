"""`smoltalk ablate`: a model for the whole mixture and for each part left out; what each part bought."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import Setting, settings_of
from smoltalk.cli.progress import Screen
from smoltalk.cli.screen import complain, count, plain, say, table
from smoltalk.errors import Problem, UserError, WorldError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smoltalk.eval.ablation import Found, Look, Trainer
    from smoltalk.eval.task import Task
    from smoltalk.eval.variants import Variant

T = TypeVar("T")

Kind = Literal["sft", "dpo", "reward"]
_TEST = "test"
"""Not a task's name: what the mixture's own `test` split can tell."""
_NO_TEST = (
    "the mixture holds no rows back as `test`",
    "add `splits: {train: 0.95, test: 0.05}` to `mix:`, or say what to test on: --tasks",
)


def ablate(
    mixture: Annotated[Path, typer.Argument(metavar="MIXTURE", help="A pipeline with `mix:`.")],
    recipe: Annotated[Path, typer.Option(metavar="CONFIG", help="The recipe that trains the proxy; its data is ours.")],
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK", help="As in `smoltalk eval`, or `test`: the mixture's own split.  [default: test]"
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Leave out this source or gate only; may be given often."),
    ] = None,
    gates: Annotated[bool, typer.Option("--gates", help="Leave out gates in place of sources.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each mixture, each with a seed of its own.")] = 1,
    kind: Annotated[
        Kind | None, typer.Option(help="The trainer.  [default: sft, and dpo for a mixture of pairs]")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Items of each task at most.")] = None,
    sets: Setting = None,
    train_sets: Annotated[
        list[str] | None,
        typer.Option("--train", metavar="KEY=VALUE", help="Change one key of the recipe; may be given often."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where it is written.  [default: ablations/NAME]")] = None,
) -> None:
    """Say what each source of a mixture bought.

    A model is trained on the whole and on the whole less each part, with the same recipe, seeds and steps. The same
    call goes on where an interrupted one ended.
    """
    from smoltalk.eval.ablation import Plan
    from smoltalk.eval.ablation import ablate as work
    from smoltalk.eval.ablation_page import page
    from smoltalk.eval.page_parts import write
    from smoltalk.eval.variants import variants
    from smoltalk.redaction import redact_word

    folder = out or Path("ablations") / mixture.stem
    again = shlex.join(["smoltalk", *map(redact_word, sys.argv[1:])])
    problems: list[Problem] = []
    if folder.is_file():
        problems.append(Problem("--out", 0, f"{folder} is a file, not a folder", "name a new folder: --out FOLDER"))
    found = _tried(problems, lambda: variants(mixture, settings_of(sets), without or (), gates)) or []
    whole = found or _quietly(lambda: variants(mixture, settings_of(sets)))  # for what else there is to say
    makes = _makes(whole[0].text) if whole else "dpo" if kind in ("dpo", "reward") else "sft"
    chosen = kind or ("sft" if makes == "sft" else "dpo")
    _tried(problems, lambda: _fits(chosen, makes, mixture))
    trainer, look = _tried(problems, lambda: _trainer(chosen, recipe, train_sets, again)) or (None, None)
    _tried(problems, lambda: _asks(tasks or [], limit))
    if whole and _TEST in (tasks or [_TEST]):
        _tried(problems, lambda: _tests_itself(whole[0].text, mixture))
    if problems or trainer is None or look is None:
        raise UserError(dict.fromkeys(problems))
    plan = Plan(
        found, lambda whole: _tasks(whole, tasks, makes, limit), trainer, range(seeds), folder, mixture.parent,
        look,
    )  # fmt: skip
    many = count(len(found) * seeds, "training")
    say(f"{mixture.stem}: {count(len(found), 'mixture')}, {many}, into {folder}")
    screen = Screen()
    try:
        results = work(plan, lambda line: screen.see(lambda: line))
        screen.end()
        say("\n".join(told(results)))
        sys.stdout.flush()  # where memory is short, the plotting library ends the process
        write(page(mixture.stem, results), folder / "report.html")
    except KeyboardInterrupt:
        screen.end()
        complain(f"interrupted; what is finished in {folder} is kept\n    go on with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    except WorldError as error:
        kept = error.kept or (f"what is finished, in {folder}" if folder.is_dir() else "")
        raise WorldError(error.sentence, kept, error.command or again) from error
    except OSError as error:
        kept = f"{folder}" if folder.is_dir() else ""
        raise WorldError(
            f"{error.filename or folder} cannot be written: {error.strerror or error}", kept, again
        ) from error
    except Exception as error:
        if type(error).__name__ != "Interrupted":  # the trainer's own way to stop, which is not imported to be asked
            raise
        complain(str(error))
        raise typer.Exit(INTERRUPTED) from None
    finally:
        screen.end()
    paths = [("report.html", "the page"), ("ablation.json", "the figures")]
    say("\n" + "\n".join(table((str(folder / name), what) for name, what in paths)))


def told(of: "Found") -> list[str]:
    """A line for each part and task, what helped most first."""
    from smoltalk.eval.ablation_page import ranked, verdict
    from smoltalk.eval.written import estimated, interval, number, points_of

    lines = [("left out", "task", "whole", "without", "bought", "95 % interval", "p", "")]
    for one in ranked(of):
        lines.append((
            plain(one.left_out), f"{one.task}: {one.metric}", number(one.whole.value, one.unit),
            number(one.without.value, one.unit), points_of(one.bought.value, one.unit),
            interval(one.bought.low, one.bought.high, one.unit, True), f"{one.adjusted:.2g}", verdict(one),
        ))  # fmt: skip
    wholes = {name: estimate for name, estimate in of.wholes.items() if any(name == line[1] for line in lines)}
    units = {f"{one.task}: {one.metric}": one.unit for one in of.bought}
    heads = [f"  whole mixture, {name}: {estimated(estimate, units[name])}" for name, estimate in wholes.items()]
    return [*heads, "", *table(lines, frozenset({2, 3, 4, 5, 6}))]


def _tried(problems: list[Problem], read: "Callable[[], T]") -> "T | None":
    """What is read, or None and its mistakes, so that all are told at once."""
    try:
        return read()
    except UserError as error:
        problems += error.problems
        return None


def _quietly(read: "Callable[[], list[Variant]]") -> "list[Variant]":
    return _tried([], read) or []


def _fits(kind: Kind, makes: str, mixture: Path) -> None:
    if (kind == "sft") == (makes == "sft"):
        return
    holds, fits = ("conversations", "sft") if makes == "sft" else ("pairs", "dpo or reward")
    sentence = f"`{kind}` does not learn from {holds}, which the mixture makes"
    raise UserError([Problem("--kind", 0, sentence, f"--kind {fits}, or another `makes:` in {mixture}")])


def _asks(tasks: list[str], limit: int | None) -> None:
    """Mistakes of the tasks that were named are told before anything is made."""
    from smoltalk.eval.naming import tasks as read
    from smoltalk.eval.session import look_at

    if not (others := [one for one in tasks if one != _TEST]):
        return
    asked = read(others, limit)
    if duels := [name for name, task in asked.items() if task.duels]:
        sentence = f"`{duels[0]}` compares two models as a judge says, and no judge is asked here"
        raise UserError([Problem("--tasks", 0, sentence)])
    look_at(asked)


def _tests_itself(text: str, mixture: Path) -> None:
    """A mixture that holds back no rows cannot be tested on them: it is told before any is made."""
    import json

    if not json.loads(text)["mix"].get("splits", {}).get(_TEST):
        raise UserError([Problem(str(mixture), 0, *_NO_TEST)])


def _trainer(kind: Kind, recipe: Path, given: list[str] | None, again: str) -> "tuple[Trainer, Look]":
    """What `--train` changes is told under that name, not as `smoltalk train` has it."""
    from smoltalk.eval.proxy import looked_at_by, trained_by

    try:
        settings = settings_of(given)
        return trained_by(kind, recipe, settings, again), looked_at_by(kind, recipe, settings)
    except UserError as error:
        raise UserError(
            Problem(p.path.replace("--set", "--train", 1), p.line, p.sentence, p.hint.replace("--set", "--train"))
            for p in error.problems
        ) from None


def _makes(text: str) -> str:
    import json

    return str(json.loads(text).get("makes", "sft"))


def _tasks(whole: Path, given: list[str] | None, makes: str, limit: int | None) -> "Mapping[str, Task]":
    """The tasks that were named, or what the whole mixture's `test` split can tell."""
    import json

    from smoltalk.eval.naming import tasks as read

    if given and _TEST not in given:
        return read(given, limit)
    if not list((whole / "data").glob("test-*.parquet")):
        raise UserError([Problem(str(whole), 0, *_NO_TEST)])
    where = f"data: {json.dumps(str(whole / 'data'))}, split: test"
    own = f"loss: {{{where}, group: source}}" if makes == "sft" else f"preferences: {{{where}}}"
    return read([own if one == _TEST else one for one in given or [_TEST]], limit)
