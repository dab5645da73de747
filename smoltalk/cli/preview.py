"""`smoltalk preview`: a few rows, whole, and what a full run would take."""

from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import AnyPipeline, Setting, open_pipeline, settings_of
from smoltalk.cli.rows import ordered, shown
from smoltalk.cli.screen import complain, count, say, span

if TYPE_CHECKING:
    from smoltalk.pipeline import Pipeline
    from smoltalk.run.preview import Projection


def preview(
    pipeline: AnyPipeline,
    n: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 3,
    sets: Setting = None,
) -> None:
    """Make a few rows and show them whole.

    Then says what tokens and time a full run would take, projected from these rows. Keeps nothing.
    """
    loaded, _ = open_pipeline(pipeline, settings_of(sets))
    from smoltalk.cli.live import watch
    from smoltalk.run import preview as run_preview

    try:
        rows, books = run_preview.preview(loaded, n, watch)
    except KeyboardInterrupt:
        complain("interrupted; a preview keeps nothing")
        raise typer.Exit(INTERRUPTED) from None
    for number, (fate, row) in enumerate(rows, 1):
        say(shown(number, fate, ordered(loaded, row)))
        say()
    if books.why and not books.why.startswith("max_attempts"):
        say(f"there are no more rows: {books.why}")
    say(projected(run_preview.project(loaded, books), loaded))


def projected(projection: "Projection", pipeline: "Pipeline") -> str:
    """What to expect of a full run, and how little it is based on."""
    passed = f"{projection.accepted} of {projection.sample} accepted"
    if projection.rows is None or projection.tokens is None or projection.seconds is None:
        return f"no projection: {passed}, so nothing says how many rows a full run takes"
    goal = f" for {count(pipeline.target.accepted, 'accepted row')}" if pipeline.target.accepted else ""
    return "\n".join(
        [
            f"a full run, projected from {count(projection.sample, 'row')} ({passed}):",
            f"  about {count(projection.rows, 'row')}{goal}, {projection.tokens:,} tokens, {span(projection.seconds)}",
            f"  at the speed of {count(projection.sample, 'row')} in flight; "
            f"the run keeps up to {pipeline.rows_in_flight} in flight, which is faster on most engines",
        ]
    )
