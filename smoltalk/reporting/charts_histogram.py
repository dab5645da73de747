"""Histograms: how many rows have which length or score, those turned away below the line."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, NARROW, drawn
from smoltalk.reporting.figures import Histogram
from smoltalk.reporting.page_text import short

_HEIGHT, _WITH_BELOW = 150, 190
_HEADROOM = 0.17
"""Of the height, kept free for the word of each mark."""


def histogram(
    above: Histogram,
    axis: str,
    says: str,
    below: Histogram | None = None,
    marks: Sequence[tuple[float, str]] = (),
    colour: str = "accepted",
) -> Markup:
    """`above` in bars that stand on the line; `below`, over the same edges, in another colour hanging from it.

    `marks` are values with a word for each, drawn as upright lines; `axis` names what the values are.
    """
    two = below is not None and any(below.counts)
    values = _bins(above, 1, COLOURS[colour], "accepted " if two else "")
    if two and below is not None:
        values += _bins(below, -1, COLOURS["rejected"], "rejected ")
    x: dict[str, Any] = {
        "field": "from", "type": "quantitative", "title": axis, "scale": _scale(above),
        "axis": {"grid": False, "labelFlush": True, "tickCount": 5, "labelExpr": _written(above), **_ticks(above)},
    }  # fmt: skip
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": values},
            "mark": {"type": "rect", "stroke": COLOURS["paper"], "strokeWidth": 0.5},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "y": {
                    "field": "n", "type": "quantitative", "title": None,
                    "scale": {"domainMax": _top(above, below if two else None, len(marks))},
                    "axis": {
                        "tickCount": 3, "domain": False, "ticks": False,
                        "labelExpr": "format(abs(datum.value), '~s')",
                    },
                },
                "y2": {"datum": 0},
                "color": {"field": "colour", "type": "nominal", "scale": None},
                "description": {"field": "told"},
            },
        },
    ]  # fmt: skip
    listed = sorted(mark for mark in marks if _within(mark[0], above))
    layers += [_rule(value) for value, _ in listed]
    layers += [_word(value, word, place, above, len(listed) == 1) for place, (value, word) in enumerate(listed)]
    return drawn({"layer": layers}, says, NARROW, _WITH_BELOW if two else _HEIGHT)


def _top(above: Histogram, below: Histogram | None, marks: int) -> float:
    """The upper end of the axis: the highest bar, and room for words above it."""
    highest, lowest = max([*above.counts, 1]), max(below.counts) if below else 0
    return highest + (highest + lowest) * _HEADROOM * marks


def _written(of: Histogram) -> str:
    """Ticks as `1k` where they are large, else as they are: d3 writes 0.2 as `200m`, and as a format of the axis 100 as
    `1e+2`."""
    return f"format(datum.value, '{'~s' if max(map(abs, _edges(of)), default=0) >= 1_000 else '~g'}')"


def _bins(of: Histogram, sign: int, colour: str, what: str) -> list[dict[str, Any]]:
    edges = _edges(of)
    return [
        {
            "from": edges[i], "to": edges[i + 1], "n": sign * n, "colour": colour,
            "told": f"{short(of.edges[i])} to {short(of.edges[i + 1])}: {what}{n:,}",
        }
        for i, n in enumerate(of.counts)
        if n
    ]  # fmt: skip


def _edges(of: Histogram) -> list[float]:
    return [float(edge) if math.isfinite(edge) else 0.0 for edge in of.edges]


def _within(value: float, of: Histogram) -> bool:
    return bool(of.edges) and math.isfinite(value) and of.edges[0] <= value <= of.edges[-1]


def _scale(of: Histogram) -> Mapping[str, Any]:
    """Logarithmic where the edges are; symlog (linear around 0) where one of those is 0."""
    edges = _edges(of)
    domain = [edges[0], edges[-1]] if edges and edges[-1] > edges[0] else [0, 1]
    if of.scale == "linear":
        return {"domain": domain, "nice": False, "zero": False}
    return {"type": "log" if domain[0] > 0 else "symlog", "domain": domain, "nice": False, "zero": False}


def _ticks(of: Histogram) -> Mapping[str, Any]:
    """Powers of ten on a logarithmic axis; between them 2 and 5 where it spans few."""
    edges = _edges(of)
    if of.scale == "linear" or not edges or edges[-1] <= 0:
        return {}
    low = max(edges[0] if edges[0] > 0 else edges[1], 1e-9)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(edges[-1]))
    steps = (1, 2, 5) if math.log10(edges[-1] / low) < 2 else (1,)
    ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    inside = [tick for tick in ticks if edges[0] <= tick <= edges[-1]]
    if len(inside) < 3:
        return {"values": edges[:: max(1, len(edges) // 5)]}
    return {"values": ([0] if edges[0] <= 0 else []) + inside}


def _rule(value: float) -> dict[str, Any]:
    mark = {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 2], "aria": False}
    return {"data": {"values": [{}]}, "encoding": {"x": {"datum": value}}, "mark": mark}


def _word(value: float, word: str, place: int, of: Histogram, alone: bool) -> dict[str, Any]:
    """A line's word beside it: outwards of two, on the side that has room of one; bars and lines stop short of it."""
    at = _place(value, of)
    right = at < (0.5 if alone else 0.25 if place == 0 else 0.75)
    mark = {
        "type": "text", "y": 6 + 13 * place, "text": word, "aria": False,
        "align": "left" if right else "right", "dx": 4 if right else -4,
    }  # fmt: skip
    rim = {"stroke": COLOURS["paper"], "strokeWidth": 3, "strokeJoin": "round"}
    return {
        "data": {"values": [{}]},
        "encoding": {"x": {"datum": value}},
        "layer": [{"mark": {**mark, **rim}}, {"mark": mark}],
    }


def _place(value: float, of: Histogram) -> float:
    """Where on the axis a value stands, 0 to 1."""
    low, high = of.edges[0], of.edges[-1]
    if of.scale == "log":
        value, low, high = (math.log1p(max(n, 0)) if low <= 0 else math.log(n) for n in (value, low, high))
    return (value - low) / (high - low) if high > low else 0.5
