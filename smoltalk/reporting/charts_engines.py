"""Charts of engines: how their time went, and how it went along the run."""

from collections.abc import Iterator, Sequence

from smoltalk.reporting.charts_bars import Bar, Piece, bars
from smoltalk.reporting.charts_figure import Figure
from smoltalk.reporting.charts_time import timeline
from smoltalk.reporting.machinery import EngineFacts, Moment
from smoltalk.reporting.page_text import percent, short

TIMES = (
    Piece("at its limit", "accepted"),
    Piece("some rows ready", "third"),
    Piece("no row ready", "pale"),
    Piece("starting", "fifth"),
)
"""What an engine's time went into, in the colours of both charts."""
_MOST = 12
"""Engines whose time line is drawn."""


def engine_figures(engines: Sequence[EngineFacts], moments: Sequence[Moment]) -> Iterator[Figure]:
    """The shares of each engine's time, then a time line for each."""
    lines = [
        Bar(one.name, [part / up for part in (one.full, one.part, one.empty, one.starting)], _busy(one))
        for one in engines
        if (up := one.full + one.part + one.empty + one.starting) > 0
    ]
    if lines:
        says = "Share of each engine's time: " + "; ".join(
            f"{line.label} at its limit {percent(line.parts[0])}" for line in lines
        )
        caption = (
            "An engine at its limit is the one to make faster. One without a row ready waits for the others. "
            "At the end of a bar: the share of its places in use."
        )
        yield Figure.across("Where the time went", caption, lambda width: bars(lines, TIMES, says, width), TIMES)
    for one in engines[:_MOST]:
        own = [moment for moment in moments if moment.engine == one.name]
        if len(own) > 1:
            caption = one.idle_why or "Its places were in use."
            says = f"{one.name}: {short(one.tokens_per_second or 0)} tokens a second on average. {caption}"
            yield Figure(f"{one.name} along the run", caption, timeline(own, says), legend=TIMES[:3])


def _busy(one: EngineFacts) -> str:
    return "" if one.busy is None else f"{percent(one.busy)} in use"
