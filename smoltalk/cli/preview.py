"""`smoltalk preview`: a few rows, whole, and what a full run would take."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import AnyPipeline, Rehearse, Setting, open_pipeline, settings_of
from smoltalk.cli.rows import ordered, shown
from smoltalk.cli.screen import complain, count, say, span, table

if TYPE_CHECKING:
    from smoltalk.pipeline import Pipeline
    from smoltalk.run.preview import Projection


def preview(
    pipeline: AnyPipeline,
    n: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 3,
    sets: Setting = None,
    rehearse: Rehearse = False,
) -> None:
    """Make a few rows and show them whole.

    Then says what tokens, time and money a full run would take, projected from these rows. Keeps nothing.
    """
    loaded, _ = open_pipeline(pipeline, settings_of(sets), rehearse)
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
    say(_mixed(loaded) or projected(run_preview.project(loaded, books), loaded))


def _mixed(pipeline: "Pipeline") -> str:
    """What a mixture will be: its sources say how many rows they have, so nothing is projected."""
    from smoltalk.pipeline.mix_lines import ends
    from smoltalk.pipeline.mixes import mixture

    part = mixture(pipeline)
    if part is None:
        return ""
    note = "one row of each source in turn, as it is there: turn and token limits are kept when it is mixed"
    return "\n".join([note, "the mixture is done", *ends(part, pipeline.target.max_failed)])


def projected(projection: "Projection", pipeline: "Pipeline") -> str:
    """What to expect of a full run, and how little it is based on."""
    passed = f"{projection.accepted} of {projection.sample} accepted"
    if projection.rows is None or projection.seconds is None:
        return f"no projection: {passed}, so nothing says how many rows a full run takes"
    goal = f" for {count(pipeline.target.accepted, 'accepted row')}" if pipeline.target.accepted else ""
    if projection.short_of is not None:
        goal = f", all there are, and about {projection.accepted_rows:,} of the {projection.short_of:,} to be accepted"
    paid = f", {money(projection.cost)} to pay" if projection.cost is not None else ""
    takes = f"{projection.tokens:,} tokens, {_time(projection)}{paid}"
    lines = [
        f"a full run, projected from {count(projection.sample, 'row')} ({passed}):",
        f"  about {count(projection.rows, 'row')}{goal}: {takes}",
        *_pace(projection),
        *(f"  {sentence}" for sentence in projection.ceilings),
    ]
    if projection.engines:
        lines += ["", *table(_shares(projection), numbers=frozenset({1, 2, 3, 4}))]
    return "\n".join(lines)


def _time(projection: "Projection") -> str:
    """A range where the full run keeps more rows in flight than the preview had: nobody knows what that costs."""
    slow = span(projection.seconds or 0.0)
    return f"{span(projection.seconds_full)} to {slow}" if projection.in_flight > projection.sample else slow


def _pace(projection: "Projection") -> Iterator[str]:
    """What either end of the range assumes."""
    if projection.in_flight > projection.sample:
        many, few = projection.in_flight, projection.sample
        yield f"  the shorter if {many:,} rows in flight take as long as {few:,}, the longer if no engine gains by more"


def _shares(projection: "Projection") -> Iterator[tuple[str, ...]]:
    """What the run takes of each engine, and of all together where they are several."""
    charged = projection.cost is not None
    yield "engine", "requests", "tokens in", "tokens out", "to pay" if charged else ""
    shares = projection.engines
    for share in shares:
        paid = "" if share.cost is None else money(share.cost)
        yield share.engine, f"{share.requests:,}", f"{share.tokens_in:,}", f"{share.tokens_out:,}", paid
    if len(shares) > 1:
        totals = (sum(s.requests for s in shares), sum(s.tokens_in for s in shares), sum(s.tokens_out for s in shares))
        paid = "" if projection.cost is None else money(projection.cost)
        yield "together", *(f"{total:,}" for total in totals), paid


def money(amount: float) -> str:
    """An amount in whatever currency the price tables have: `1,204.50`, and `0.0031` where two places say nothing."""
    return f"{amount:,.2f}" if amount >= 0.01 else f"{amount:.6f}".rstrip("0").rstrip(".")
