"""Charts of people: what they said, and the precision and recall of a score's cuts."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, NARROW, drawn
from smoltalk.reporting.charts_bars import Bar, Piece, bars
from smoltalk.reporting.charts_figure import FATES, PENDING, Figure
from smoltalk.reporting.page_text import percent, short
from smoltalk.reporting.people import Cuts, People

_MOST = 6
"""Scores whose cuts are drawn; the table has more."""
_SAID = {
    "sft": (Piece("keep", "accepted"), Piece("keep with an edit", "third"), Piece("drop", "rejected")),
    "dpo": (
        Piece("the chosen one is better", "accepted"), Piece("the rejected one is better", "fourth"),
        Piece("equally good", "pale"), Piece("both bad", "rejected"),
    ),
}  # fmt: skip
_ENDS = (*FATES[:2], PENDING)
_LINES = (Piece("precision", "accepted"), Piece("recall", "fourth"))
_HEIGHT = 190


def people_figures(of: People | None) -> Iterator[Figure]:
    """What became of rows, who said what, what is wrong with rows, and the cuts of each score."""
    if of is None:
        return
    yield from _became(of)
    yield from _said(of)
    if of.issues:
        lines = [Bar(one.label, (one.n,), f"{one.n:,}") for one in of.issues]
        says = "What is wrong: " + ", ".join(f"{line.label} {line.text}" for line in lines)
        caption = "Marks that people gave rows, by answers. What stands on top is what the next gate should look for."
        yield Figure("What is wrong", caption, bars(lines, [Piece("answers", "rejected")], says))
    for one in of.cuts[:_MOST]:
        yield _cuts(one)


def _became(of: People) -> Iterator[Figure]:
    if not of.became:
        return
    fates = [piece.name for piece in _ENDS]
    lines = [
        Bar(one.what, [one.rows if one.fate == fate else 0 for fate in fates], f"{one.rows:,}") for one in of.became
    ]
    says = "What became of rows: " + ", ".join(f"{line.label} {line.text}" for line in lines)
    caption = "Where reviewed rows are now. " + (
        "Many edits say that rows are nearly right: mend the step that writes them."
        if of.makes == "sft"
        else "Many swapped pairs say that the score by which answers were chosen is wrong."
    )
    legend = [piece for piece in _ENDS if any(one.fate == piece.name for one in of.became)]
    yield Figure("What became of rows", caption, bars(lines, _ENDS, says), legend=legend)


def _said(of: People) -> Iterator[Figure]:
    if not of.people:
        return
    pieces = _SAID[of.makes]
    lines = [Bar(one.letter, [said.n for said in one.said], f"{one.rows:,}") for one in of.people]
    says = "Rows that each person decided: " + ", ".join(f"{line.label} {line.text}" for line in lines)
    more = f" {of.others:,} more people are not shown." if of.others else ""
    caption = "Each bar is a person; at its end the rows that they decided."
    if len(of.people) > 1:
        caption += f" Bars of different colours on like rows are people who read the guidelines differently.{more}"
    yield Figure("Who said what", caption, bars(lines, pieces, says), legend=pieces)


def _cuts(of: Cuts) -> Figure:
    better = of.proposed.cut > of.now.cut
    now = (
        f"Today all {of.rows:,} answered rows pass{f' `{of.gate}`' if of.gate else ''}, and people keep "
        f"{percent(of.now.precision)} of them. "
    )
    told = (
        f"From {_cut(of, of.proposed.cut)} on {of.proposed.kept:,} pass: people keep {percent(of.proposed.precision)} "
        f"of these, and they are {percent(of.proposed.recall)} of all that people keep."
        if better
        else "No higher cut does better."
    )
    says = f"Precision and recall by the cut of {of.column}. {now}{told}"
    marks = [(of.now.cut, "today")] + ([(of.proposed.cut, f"proposed {_cut(of, of.proposed.cut)}")] if better else [])
    return Figure(f"Cuts of {of.column}", now + told, _curves(of, marks, says.replace("`", "")), legend=_LINES)


def _cut(of: Cuts, cut: float) -> str:
    """A cut as people write it; of labels the lowest that passes."""
    return next((f"“{label}”" for place, label in of.labels if place >= cut), short(cut))


def _curves(of: Cuts, marks: Sequence[tuple[float, str]], says: str) -> Markup:
    low, high = of.curve[0].cut, of.curve[-1].cut
    x: dict[str, Any] = {
        "field": "cut", "type": "quantitative", "title": f"{of.column}, at least",
        "scale": {"domain": [low, high], "nice": False, "zero": False},
        "axis": {"grid": False, "labelFlush": True, "tickCount": 5, "labelExpr": "format(datum.value, '~g')"},
    }  # fmt: skip
    if of.labels:
        names = ", ".join(f"'{label}'" for _, label in of.labels)
        places = [place for place, _ in of.labels]
        x["axis"] |= {"values": places, "labelExpr": f"[{names}][indexof({places}, datum.value)]"}
    y = {
        "field": "share", "type": "quantitative", "title": None, "scale": {"domain": [0, 1.0 + 0.13 * len(marks)]},
        "axis": {"values": [0, 0.5, 1], "domain": False, "ticks": False, "labelExpr": "format(datum.value, '.0%')"},
    }  # fmt: skip
    layers = [
        {
            "data": {"values": [{"cut": at.cut, "share": getattr(at, piece.name)} for at in of.curve]},
            "mark": {
                "type": "line", "interpolate": "step-before", "strokeWidth": 2, "stroke": COLOURS[piece.colour],
                "aria": False,
            },
            "encoding": {"x": x, "y": y},
        }
        for piece in _LINES
    ]  # fmt: skip
    layers += [
        _dot(at.cut, getattr(at, piece.name), piece) for piece in _LINES for at in dict.fromkeys([of.now, of.proposed])
    ]
    for place, (cut, word) in enumerate(marks):
        layers += _mark(cut, word, place, (cut - low) / (high - low) < 0.5 if high > low else True)
    return drawn({"layer": layers}, says, NARROW, _HEIGHT)


def _dot(cut: float, share: float, piece: Piece) -> dict[str, Any]:
    return {
        "data": {
            "values": [{"cut": cut, "share": share, "told": f"{piece.name} {percent(share)} from {short(cut)} on"}]
        },
        "mark": {"type": "circle", "size": 55, "opacity": 1, "color": COLOURS[piece.colour]},
        "encoding": {
            "x": {"field": "cut", "type": "quantitative"},
            "y": {"field": "share", "type": "quantitative"},
            "description": {"field": "told"},
        },
    }


def _mark(cut: float, word: str, place: int, right: bool) -> list[dict[str, Any]]:
    """A dashed line with its word beside it, on the side that has room."""
    data: dict[str, Any] = {"data": {"values": [{}]}, "encoding": {"x": {"datum": cut}}}
    rule = {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 2], "aria": False}
    text = {
        "type": "text", "y": 6 + 13 * place, "text": word, "aria": False,
        "align": "left" if right else "right", "dx": 4 if right else -4,
    }  # fmt: skip
    rim = {"stroke": COLOURS["paper"], "strokeWidth": 3, "strokeJoin": "round"}
    return [{**data, "mark": rule}, {**data, "mark": {**text, **rim}}, {**data, "mark": text}]
