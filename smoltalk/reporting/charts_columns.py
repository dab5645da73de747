"""Charts of what stands in columns: labels, numbers, lengths."""

from collections.abc import Iterator, Sequence

from smoltalk.reporting.charts_bars import Bar, Piece, bars
from smoltalk.reporting.charts_figure import FATES, Figure
from smoltalk.reporting.charts_histogram import histogram
from smoltalk.reporting.figures import Count, Labels, Lengths, Numbers
from smoltalk.reporting.page_text import percent, short, signed

_LINES = 14
"""Different labels that a chart shows; the rest together is one more."""
_UNITS = ("tokens", "words", "characters", "turns")
_WHAT = {
    "row": "Whole rows",
    "turns": "Turns a row",
    "system": "System turns",
    "user": "User turns",
    "assistant": "Assistant turns",
    "tool": "Tool turns",
    "prompt": "Prompts",
    "chosen": "Chosen answers",
    "rejected": "Rejected answers",
}


def named(what: str) -> str:
    """What a length is of, in words."""
    return _WHAT.get(what, what)


def length_figures(lengths: Sequence[Lengths]) -> Iterator[Figure]:
    """One chart for each thing measured, in the first unit there is."""
    for what in dict.fromkeys(one.what for one in lengths):
        one = min((some for some in lengths if some.what == what), key=lambda some: _UNITS.index(some.unit))
        if one.unit == "turns" and len(one.histogram.counts) <= _LINES:
            yield _turns(one)
            continue
        half = f"Half of them have {short(one.median)} {one.unit} or fewer, 95 % at most {short(one.p95)}; "
        marks = [(one.median, f"median {short(one.median)}")]
        marks += [(one.p95, f"95 %: {short(one.p95)}")] if one.p95 > one.median else []
        caption = half + f"the longest has {one.longest:,}. A second hump or a wall at the right end is worth a look."
        svg = histogram(one.histogram, one.unit, f"{named(what)} by {one.unit}. {half}", marks=marks)
        yield Figure(named(what) if what == one.unit else f"{named(what)}, {one.unit}", caption, svg)


def _turns(one: Lengths) -> Figure:
    """Whole numbers, few: a bar for each."""
    counts = [(int(edge), n) for edge, n in zip(one.histogram.edges, one.histogram.counts, strict=False)]
    first, last = (next((i for i, (_, n) in some if n), 0) for some in (enumerate(counts), [*enumerate(counts)][::-1]))
    lines = [Bar(f"{turns} turn{'' if turns == 1 else 's'}", (n,), f"{n:,}") for turns, n in counts[first : last + 1]]
    says = "; ".join(f"{line.label}: {line.text} rows" for line in lines)
    caption = f"Turns of user and assistant, {short(one.mean)} on average. One bar alone: all rows have the same shape."
    return Figure(named(one.what), caption, bars(lines, [Piece("rows", "accepted")], says))


def label_figures(labels: Sequence[Labels]) -> Iterator[Figure]:
    """Accepted and rejected rows by label."""
    for one in labels:
        lines = _lines(one)
        says = f"{one.name}: " + "; ".join(f"{line.label} {line.text}" for line in lines[:6])
        many = f"{one.different:,} different values; the most frequent stands in {percent(one.top_share)} of the rows"
        top = many if one.different > 1 else "One value alone"
        missing = f", {one.missing:,} rows have none" if one.missing else ""
        caption = f"{top}{missing}. At the end of a bar: accepted of all."
        yield Figure(one.name, caption, bars(lines, FATES[:2], says), legend=FATES[:2])


def _lines(one: Labels) -> list[Bar]:
    accepted, rejected = _counts(one.accepted), _counts(one.rejected)
    listed = list(dict.fromkeys([*accepted, *rejected]))
    if not one.ordered:
        listed.sort(key=lambda label: (label == "others", -accepted.get(label, 0) - rejected.get(label, 0)))
    pairs = [(label, accepted.get(label, 0), rejected.get(label, 0)) for label in listed]
    if len(pairs) > _LINES + 1:
        rest = pairs[_LINES:]
        pairs = [*pairs[:_LINES], (f"{len(rest)} others", sum(a for _, a, _ in rest), sum(r for _, _, r in rest))]
    return [Bar(label or "(empty)", (a, r), f"{a:,} of {a + r:,}") for label, a, r in pairs]


def _counts(counts: Sequence[Count]) -> dict[str, int]:
    return {one.label: one.n for one in counts}


def number_figures(numbers: Sequence[Numbers]) -> Iterator[Figure]:
    """Accepted rows above the line, rejected ones below."""
    for one in numbers:
        says = f"{one.name}: mean {short(one.mean)}, from {short(one.low)} to {short(one.high)}"
        both = any(one.rejected.counts)
        caption = f"Mean {short(one.mean)} ± {short(one.deviation)} over {one.values:,} rows"
        caption += f", {one.missing:,} without one. " if one.missing else ". "
        caption += "Below the line: rejected rows. " if both else ""
        caption += _follows(one.length_correlation) if one.judged else ""
        marks = [(one.median, f"median {short(one.median)}")]
        svg = histogram(one.accepted, one.name, says, one.rejected, marks)
        yield Figure(one.name, caption, svg, legend=FATES[:2] if both else ())


def _follows(correlation: float | None) -> str:
    if correlation is None:
        return ""
    words = "follows" if abs(correlation) >= 0.5 else "has little to do with" if abs(correlation) < 0.2 else "leans on"
    return f"It {words} the length of the answer (rank correlation {signed(correlation)})."
