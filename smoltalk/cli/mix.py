"""`smoltalk mix`: many datasets into one, as `mix:` of a pipeline says."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED, OUR_FAULT, WORLD, confess
from smoltalk.cli.opening import (
    AnyPipeline,
    OwnFolder,
    Rehearse,
    Setting,
    Shown,
    folder_for,
    open_pipeline,
    settings_of,
    with_rows,
)
from smoltalk.cli.progress import Screen, row_speed
from smoltalk.cli.screen import Unread, complain, count, say, span, table
from smoltalk.errors import FactoryError, Problem, UserError

if TYPE_CHECKING:
    from smoltalk.mixing.progress import OfSource, Progress, Result
    from smoltalk.pipeline import Pipeline
    from smoltalk.run.folder import RunFolder


def mix(
    pipeline: AnyPipeline,
    rows: Annotated[int | None, typer.Option(min=1, help="Rows of the mixture: mix.rows.")] = None,
    out: OwnFolder = None,
    sets: Setting = None,
    show: Shown = 0,
    rehearse: Rehearse = False,
) -> None:
    """Mix datasets into one, or go on with a mixture.

    The pipeline has `mix:` in the place of steps.
    """
    from smoltalk.pipeline.mixes import mixture

    loaded, own = open_pipeline(pipeline, with_rows(rows, settings_of(sets), "mix.rows"), rehearse)
    if mixture(loaded) is None:
        hint = f"it makes rows instead of mixing them: smoltalk run {pipeline}"
        raise UserError([Problem(str(pipeline), 0, "has no `mix:`", hint)])
    go(loaded, folder_for(loaded, own, out), show)


def go(pipeline: "Pipeline", folder: "RunFolder", show: int) -> None:
    """Make the mixture and say what became of every row."""
    from smoltalk.mixing.session import mix as work

    say(plan(pipeline))
    screen = Screen()
    try:
        result = work(pipeline, folder, lambda progress: screen.see(lambda: line(progress)))
    except KeyboardInterrupt:
        screen.end()
        complain(f"interrupted; finished pieces are kept\n    continue with: smoltalk mix {folder.path}")
        raise typer.Exit(INTERRUPTED) from None
    except (FactoryError, Unread):
        screen.end()
        raise
    except Exception as error:
        screen.end()
        confess(error, folder.logs, kept=f"finished pieces, in {folder.path}")
        raise typer.Exit(OUR_FAULT) from None
    screen.end()
    _account(pipeline, folder, result, show)


def plan(pipeline: "Pipeline") -> str:
    """The mixture to come in a few lines."""
    from smoltalk.pipeline.engine_lines import aligned
    from smoltalk.pipeline.labels import labelled_gates
    from smoltalk.pipeline.mix_lines import sources
    from smoltalk.pipeline.mixes import mixture

    part = mixture(pipeline)
    assert part is not None
    gates = ", ".join(label for label, _ in labelled_gates(pipeline))
    head = f"{pipeline.name}: {count(len(part.mix.sources), 'source')}" + (f"; gates {gates}" if gates else "")
    return "\n".join([head, *aligned(sources(part))])


def line(progress: "Progress") -> str:
    """How far the mixture is: `sift  magpie: 120,000 rows, 52,000 rows/s`."""
    share = f"{progress.rows / progress.of:4.0%}  " if progress.of else ""
    speed = row_speed(progress.rows, progress.seconds)
    return f"{progress.stage}  {share}{progress.source}: {progress.rows:,} rows{speed}"


def _account(pipeline: "Pipeline", folder: "RunFolder", result: "Result", show: int) -> None:
    from smoltalk.cli.books import failures, ledger, short_of
    from smoltalk.cli.turned_away import turned_away

    books = result.books
    if result.done:
        say(f"{folder.path} is complete: nothing is left to do")
    elif result.lost:
        say(f"{folder.path} was complete, and files of it were lost or damaged: they are written again")
    elif result.kept or result.changed:
        edited = f"; edited since: {', '.join(result.changed)}" if result.changed else ""
        say(f"continues {folder.path}: {count(result.kept, 'piece')} kept{edited}")
    for row in _shown(pipeline, folder, show):
        say(f"\n{row}")
    say()
    say(ledger(pipeline.name, books))
    say("\n" + "\n".join(table(list(_sources(result.sources)), numbers=frozenset(range(1, 9)))))
    if notes := list(_notes(result)):
        say("\n" + "\n".join(f"  {note}" for note in notes))
    say()
    if failed := failures(folder, books):
        say("\n".join([*failed, ""]))
    if away := list(turned_away(folder, books)):
        say("\n".join([*away, ""]))
    say("\n".join([*table(_paths(folder, books.accepted)), f"  a page about it: smoltalk report {folder.path}"]))
    if short_of(books):
        complain(f"stopped with {count(books.accepted, 'row')}: {books.why}")
        if result.command:
            complain("\n".join(f"    {line}" for line in result.command.splitlines()))
        raise typer.Exit(WORLD)


def _sources(sources: "Sequence[OfSource]") -> Iterator[tuple[str, ...]]:
    """What became of the rows of each source; columns that say nothing of any are left out."""
    numbers = ("born", "accepted", "copies", "beyond", "rejected", "failed", "tokens")
    asked = ["all" if one.asked is None else f"{one.asked:,}" for one in sources]
    columns = [["source", *(one.name for one in sources)], ["asked", *asked]]
    for name in numbers:
        values = [int(getattr(one, name)) for one in sources]
        if any(values) or name in ("born", "accepted"):
            columns.append([name, *(f"{value:,}" for value in values)])
    columns += [[""] * len(columns[0])] * (len(numbers) + 2 - len(columns))
    yield from zip(*columns, strict=True)


def _notes(result: "Result") -> Iterator[str]:
    if any(one.beyond for one in result.sources):
        yield "beyond: rows of which there are enough; `asked` went in"
    if list(result.splits) != ["train"]:
        yield ", ".join(f"{rows:,} in {name}" for name, rows in result.splits.items())
    for one in result.sources:
        if one.passed_over:
            yield f"{one.name}: {count(one.passed_over, 'row')} passed over, which `where` does not ask for"
        if one.mended:
            odd = "control tokens, half characters or bytes that are no UTF-8"
            yield f"{one.name}: {odd} in {count(one.mended, 'row')}, made harmless"
    born = sum(one.born for one in result.sources)
    if not result.done and (speed := row_speed(born, result.seconds)):
        yield f"{span(result.seconds)} in this call{speed}"


def _paths(folder: "RunFolder", accepted: int) -> list[tuple[str, str]]:
    rows = "accepted rows" if accepted else "holds no rows: none was accepted"
    paths: list[tuple[Path, str]] = [(folder.path, "the run"), (folder.data, rows)]
    paths += [(folder.rejected, "the others, with reasons"), (folder.card, "the dataset card")]
    return [(str(path), what) for path, what in paths]


def _shown(pipeline: "Pipeline", folder: "RunFolder", n: int) -> Iterator[str]:
    """The first accepted rows: their texts are in the dataset, not in the books."""
    if not n:
        return
    from smoltalk.cli.screen import value
    from smoltalk.mixture.shown import first_rows

    for number, row in enumerate(first_rows(folder.data, n), 1):
        lines = [f"row {number}  {row['id']}"]
        for name in row:
            lines += value(name, row[name], 2) if name != "id" else []
        yield "\n".join(lines)
