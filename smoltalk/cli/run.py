"""`smoltalk run`: from a pipeline to a dataset, or on from wherever a run was left."""

from enum import StrEnum
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
    mixes,
    open_pipeline,
    settings_of,
    with_rows,
)
from smoltalk.cli.screen import Unread, complain, count, say, table
from smoltalk.errors import FactoryError, Problem, UserError

if TYPE_CHECKING:
    from smoltalk.pipeline import Pipeline
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.ledger import Books
    from smoltalk.run.session import Opening


class Executor(StrEnum):
    """Who walks the DAG."""

    stream = "stream"
    distilabel = "distilabel"


def run(
    pipeline: AnyPipeline,
    rows: Annotated[int | None, typer.Option(min=1, help="Rows to accept: target.accepted.")] = None,
    out: OwnFolder = None,
    sets: Setting = None,
    show: Shown = 0,
    rehearse: Rehearse = False,
    executor: Annotated[Executor, typer.Option(help="Ours, or distilabel's own runner.")] = Executor.stream,
) -> None:
    """Make the dataset, or go on with a run.

    What was replied in earlier sessions is not asked again.
    """
    counted = "mix.rows" if mixes(pipeline) else "target.accepted"
    loaded, own = open_pipeline(pipeline, with_rows(rows, settings_of(sets), counted), rehearse)
    folder = folder_for(loaded, own, out)
    if loaded.mixes:
        _hand_over(loaded, folder, executor, show)
        return
    say(plan(loaded))
    try:
        books = _go(loaded, folder, executor)
    except KeyboardInterrupt:
        if executor is Executor.distilabel:
            complain("interrupted; distilabel's runner keeps no replies")
        else:
            complain(f"interrupted; every finished reply is kept\n    continue with: smoltalk run {folder.path}")
        raise typer.Exit(INTERRUPTED) from None
    except (FactoryError, Unread):
        raise
    except Exception as error:
        confess(error, folder.logs, kept=f"every finished reply, in {folder.database}")
        raise typer.Exit(OUR_FAULT) from None
    _account(loaded, folder, books, show)


def _hand_over(pipeline: "Pipeline", folder: "RunFolder", executor: Executor, show: int) -> None:
    """A pipeline with `mix:` has no steps to walk."""
    from smoltalk.cli.mix import go

    if executor is not Executor.stream:
        raise UserError([Problem("--executor", 0, "is for pipelines with steps, and this one mixes datasets")])
    go(pipeline, folder, show)


def _go(pipeline: "Pipeline", folder: "RunFolder", executor: Executor) -> "Books":
    if executor is Executor.distilabel:
        from smoltalk.run.distilabel_runner import go_distilabel

        return go_distilabel(pipeline, folder)
    from smoltalk.cli.live import watch
    from smoltalk.run.session import go

    return go(pipeline, folder, opened=lambda opening: _say_opening(opening, pipeline, folder), watch=watch)


def plan(pipeline: "Pipeline") -> str:
    """The run to come in a few lines: the steps, the gates, what each engine is and where it goes."""
    from smoltalk.pipeline.engine_lines import engine_lines, place_lines
    from smoltalk.pipeline.labels import labelled_gates, labelled_steps

    steps = ", ".join(label for label, _ in labelled_steps(pipeline))
    gates = ", ".join(label for label, _ in labelled_gates(pipeline))
    parts = [part for part in (steps, f"gates {gates}" if gates else "") if part]
    lines = [f"{pipeline.name}: {'; '.join(parts) or 'rows as they are read'}"]
    return "\n".join([*lines, *engine_lines(pipeline), *place_lines(pipeline), *_cage(pipeline)])


def _cage(pipeline: "Pipeline") -> list[str]:
    """What keeps programs in that models wrote; nothing where none are run."""
    from smoltalk.verification import runs_programs

    if not any(runs_programs(step.part) for step in pipeline.steps):
        return []
    from smoltalk.sandbox.pool import protections
    from smoltalk.sandbox.protections import described

    return [f"  {described(protections())}"]


def _say_opening(opening: "Opening", pipeline: "Pipeline", folder: "RunFolder") -> None:
    from smoltalk.run.session import books_of

    if not opening.continues:
        return
    if opening.done:
        rows, asked = books_of(folder).accepted, pipeline.target.accepted
        more = f" with {count(rows, 'row')}, more than the {asked:,} asked for" if asked and rows > asked else ""
        say(f"{folder.path} is complete{more}: nothing is left to do")
        return
    said = f"continues {folder.path}: {count(opening.kept, 'reply')} kept"
    if opening.changed:
        said += f"; edited since: {', '.join(opening.changed)}"
    if opening.void:
        said += f"; {count(opening.void, 'reply')} of edited steps stay in run.db, unused"
    say(said)


def _account(pipeline: "Pipeline", folder: "RunFolder", books: "Books", show: int) -> None:
    from smoltalk.cli.books import failures, how_to_go_on, ledger, short_of
    from smoltalk.cli.rows import accepted
    from smoltalk.cli.turned_away import turned_away

    for row in accepted(pipeline, folder, show):
        say(f"\n{row}")
    say()
    say(ledger(pipeline.name, books))
    say()
    if failed := failures(folder, books):
        say("\n".join([*failed, ""]))
    if away := list(turned_away(folder, books)):
        say("\n".join([*away, ""]))
    rows = "accepted rows" if books.accepted else "holds no rows: none was accepted"
    paths = [(folder.path, "the run"), (folder.data, rows), (folder.rejected, "the others, with reasons")]
    paths.append((folder.card, "the dataset card"))
    for line in table([(str(path), what) for path, what in paths]):
        say(line)
    say(f"  a page about it: smoltalk report {folder.path}")
    if short_of(books):
        limit = getattr(pipeline.target, books.why.partition(":")[0], None)
        complain(how_to_go_on(books, folder.path, limit))
        raise typer.Exit(WORLD)
