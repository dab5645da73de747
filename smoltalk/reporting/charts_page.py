"""All charts of a report, by section: each with a title and a caption that says what to look for."""

from collections.abc import Iterator, Mapping, Sequence

from smoltalk.reporting.charts_bars import Bar, Piece, bars
from smoltalk.reporting.charts_columns import label_figures, length_figures, number_figures
from smoltalk.reporting.charts_engines import engine_figures
from smoltalk.reporting.charts_figure import FATES, PENDING, Figure
from smoltalk.reporting.charts_histogram import histogram
from smoltalk.reporting.charts_people import people_figures
from smoltalk.reporting.charts_phrases import OVER, ratios
from smoltalk.reporting.figures import Count
from smoltalk.reporting.findings import Findings
from smoltalk.reporting.page_text import percent, short, signed
from smoltalk.reporting.variety import Diversity, Pairs

_PHRASES, _OPENINGS, _LANGUAGES, _ORIGINS = 20, 10, 12, 30
_ROWS = (Piece("rows", "accepted"),)
_BEYOND = Piece("beyond the share", "pale")
"""Rows of a mixture of which there were enough."""


def figures(of: Findings) -> Mapping[str, list[Figure]]:
    """Figures by the id of their section; a section without data has none."""
    drawn = {
        "funnel": _funnel(of),
        "origins": _origins(of),
        "lengths": length_figures(of.lengths),
        "labels": label_figures(of.labels),
        "numbers": number_figures(of.numbers),
        "duplicates": _sizes(of.duplicates.sizes if of.duplicates else []),
        "phrases": _phrases(of),
        "diversity": _diversity(of.diversity),
        "languages": _languages(of.languages.counts if of.languages else []),
        "pairs": _pairs(of.pairs),
        "engines": engine_figures(of.engines, of.moments),
        "people": people_figures(of.people),
    }
    return {section: list(some) for section, some in drawn.items()}


def _funnel(of: Findings) -> Iterator[Figure]:
    o = of.overview
    if not o.born:
        return
    lines = [Bar("born", (o.born, 0, 0, 0), f"{o.born:,}")]
    for stage in of.funnel:
        gone = (stage.left if stage.fate == fate else 0 for fate in ("rejected", "failed", "pending"))
        lines.append(Bar(stage.name, (stage.came - stage.left, *gone), f"−{stage.left:,}"))
    lines.append(Bar("accepted", (o.accepted, 0, 0, 0), f"{o.accepted:,}"))
    says = f"{o.born:,} rows were born and {o.accepted:,} accepted. " + ", ".join(
        f"{stage.name} turned {stage.left:,} away" for stage in of.funnel if stage.left
    )
    caption = (
        "Rows meet the gates from top to bottom. A gate that turns away most of what reaches it is paid for with the "
        "work done before it; one that never turns anything away may be too mild."
    )
    if any(stage.fate == "pending" for stage in of.funnel):
        caption += " Pending rows are held back until people have looked at them."
    pieces = (Piece("go on", "accepted"), *FATES[1:], PENDING)
    legend = pieces if any(stage.fate == "pending" for stage in of.funnel) else pieces[:-1]
    yield Figure.across("", caption, lambda width: bars(lines, pieces, says, width), legend)


def _origins(of: Findings) -> Iterator[Figure]:
    if len(of.origins) < 2:
        return
    lines = [
        Bar(
            one.source,
            (one.accepted, one.rejected - one.beyond, one.failed, one.pending, one.beyond),
            f"{one.accepted:,} of {one.born - one.beyond:,}",
        )
        for one in of.origins[:_ORIGINS]
    ]
    says = "; ".join(f"{line.label}: {line.text} accepted" for line in lines[:13])
    pieces = (*FATES, PENDING, _BEYOND)
    legend = (*FATES, *(piece for place, piece in enumerate(pieces[3:], 3) if any(line.parts[place] for line in lines)))
    caption = "At the end of a bar: accepted of born"
    if _BEYOND in legend:
        caption += ", without the rows beyond the share, of which there were enough"
    caption += ". Sources that lose far more than others to the gates may not fit them."
    yield Figure.across("", caption, lambda width: bars(lines, pieces, says, width), legend)


def _sizes(sizes: Sequence[Count]) -> Iterator[Figure]:
    sizes = [one for one in sizes if one.n]
    if sizes:
        caption = "Groups of rows that say the same, by how many rows they hold, the one that stayed included."
        yield Figure("Groups by size", caption, bars(_lines(sizes), _ROWS, _said("Groups by size", sizes)))


def _phrases(of: Findings) -> Iterator[Figure]:
    listed = [one for one in of.phrases.phrases if one.ratio is not None and one.rows][:_PHRASES] if of.phrases else []
    if listed:
        says = "Times the reference: " + ", ".join(f"{one.phrase} {short(one.ratio or 0)}" for one in listed[:8])
        caption = (
            f"Right of the line: more often than in the reference, from {OVER:g} times on in the warm colour. A few "
            "such phrases, far to the right, are what readers recognise as machine text."
        )
        yield Figure.across("Times the reference", caption, lambda width: ratios(listed, says, width))


def _diversity(of: Diversity | None) -> Iterator[Figure]:
    if of is None:
        return
    if any(of.neighbours.counts):
        says = f"Nearest neighbours: median similarity {of.neighbour_median:.2f}, {percent(of.close)} at 0.9 or more"
        caption = (
            f"How alike each of {of.neighbour_sample:,} prompts is to the one most like it; 1 is the same words. "
            f"{percent(of.close)} have a neighbour at 0.9 or more: rows to the right of that line repeat each other."
        )
        marks = [(0.9, "0.9"), (of.neighbour_median, f"median {of.neighbour_median:.2f}")]
        yield Figure("Nearest neighbours", caption, histogram(of.neighbours, "similarity", says, marks=marks))
    for role in ("user", "assistant"):
        listed = [one for one in of.openings if one.role == role][:_OPENINGS]
        if listed:
            lines = [Bar(one.words, (one.rows,), percent(one.share)) for one in listed]
            says = f"{role} turns begin: " + ", ".join(f"{line.label} {line.text}" for line in lines)
            caption = "The most frequent first three words. One that opens many rows is a template showing through."
            yield Figure(f"How {role} turns begin", caption, bars(lines, _ROWS, says))


def _languages(counts: Sequence[Count]) -> Iterator[Figure]:
    if counts:
        listed = [*counts[:_LANGUAGES]]
        if len(counts) > _LANGUAGES:
            listed.append(Count("others", sum(one.n for one in counts[_LANGUAGES:])))
        caption = "Languages that nobody asked for are often a model that slipped, or short answers mistaken for one."
        yield Figure("", caption, bars(_lines(listed), _ROWS, _said("Languages", listed)))


def _pairs(of: Pairs | None) -> Iterator[Figure]:
    if of is None:
        return
    longer = f"The chosen answer is the longer one in {percent(of.chosen_longer)} of the pairs"
    caption = f"{longer}, those of one length counted half. Far from half, a model learns length before anything else."
    marks = [(0.0, "equally long")]
    yield Figure(
        "Chosen minus rejected", caption, histogram(of.differences, "characters longer", f"{longer}.", marks=marks)
    )
    if of.margins is not None and of.margin_median is not None:
        told = f"Median {short(of.margin_median)}"
        follows = of.margin_length_correlation
        with_length = "" if follows is None else f"; rank correlation with the difference in length {signed(follows)}"
        caption = f"{told}{with_length}. Pairs near 0 say little: both answers are about as good."
        marks = [(of.margin_median, f"median {short(of.margin_median)}")]
        yield Figure("Margins", caption, histogram(of.margins, "score of chosen − rejected", told, marks=marks))


def _lines(counts: Sequence[Count]) -> list[Bar]:
    whole = sum(one.n for one in counts) or 1
    return [Bar(one.label, (one.n,), f"{one.n:,} ({percent(one.n / whole)})") for one in counts]


def _said(what: str, counts: Sequence[Count]) -> str:
    return f"{what}: " + ", ".join(f"{one.label} {one.n:,}" for one in counts[:13])
