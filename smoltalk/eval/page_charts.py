"""Charts of figures with intervals, and of curves: what the pages of `eval` and `ablate` show."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, NARROW, SERIES, drawn
from smoltalk.reporting.charts_bars import place_labels

_ROW, _AXIS = 24, 34
_APART = 10
"""Pixels between labels of ticks, at least: letters of a reader are wider than those that the plot is laid out with."""


class Dot(NamedTuple):
    """A figure with its interval, on a line of its own."""

    label: str
    value: float
    low: float
    high: float
    told: str
    """Said when it is pointed at."""
    series: int = 0


class Curve(NamedTuple):
    """A line of points."""

    label: str
    points: Sequence[tuple[float, float]]


def intervals(dots: Sequence[Dot], axis: str, says: str, width: int = NARROW, zero: bool = False) -> Markup:
    """Dots with their intervals from top to bottom; `zero` draws the line that means no difference."""
    values = [{"at": place, **dot._asdict()} for place, dot in enumerate(dots)]
    ends = [end for dot in dots for end in (dot.low, dot.high, dot.value)] + ([0.0] if zero else [])
    low, high = min(ends), max(ends)
    room = (high - low or abs(high) or 1) * 0.04
    y, labels = place_labels([dot.label for dot in dots], width)
    x: dict[str, Any] = {
        "field": "low", "type": "quantitative", "title": axis,
        "scale": {"domain": [low - room, high + room], "nice": False, "zero": False},
        "axis": {"tickCount": 5 if width > NARROW else 4, "domain": False, "labelSeparation": _APART},
    }  # fmt: skip
    colour = {
        "field": "series", "type": "ordinal", "legend": None,
        "scale": {"domain": list(range(len(SERIES))), "range": list(SERIES)},
    }  # fmt: skip
    told = {"description": {"field": "told"}}
    layers: list[dict[str, Any]] = [
        labels,
        {
            "data": {"values": values},
            "mark": {"type": "rule", "strokeWidth": 2.5, "aria": False},
            "encoding": {"y": y, "x": x, "x2": {"field": "high"}, "color": colour},
        },
        {
            "data": {"values": values},
            "mark": {"type": "circle", "size": 70, "opacity": 1},
            "encoding": {"y": y, "x": {**x, "field": "value"}, "color": colour, **told},
        },
    ]
    if zero:
        line = {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 2], "aria": False}
        layers.insert(1, {"data": {"values": [{}]}, "mark": line, "encoding": {"x": {"datum": 0}}})
    return drawn({"layer": layers}, says, width, _ROW * len(dots) + _AXIS)


def curves(lines: Sequence[Curve], axis: str, says: str, width: int = NARROW) -> Markup:
    """Lines over the steps of a training; `axis` names what they show."""
    values = [
        {"step": step, "value": value, "series": place, "told": f"{line.label} at {step:g}: {value:.4g}"}
        for place, line in enumerate(lines)
        for step, value in line.points
    ]
    encoding = {
        "x": {"field": "step", "type": "quantitative", "title": "step",
              "axis": {"grid": False, "tickCount": 5, "labelSeparation": _APART}},
        "y": {"field": "value", "type": "quantitative", "title": axis, "scale": {"zero": False},
              "axis": {"tickCount": 4, "domain": False}},
        "color": {"field": "series", "type": "ordinal", "legend": None,
                  "scale": {"domain": list(range(len(SERIES))), "range": list(SERIES)}},
    }  # fmt: skip
    layers = [
        {"mark": {"type": "line", "strokeWidth": 1.8, "aria": False}, "encoding": encoding},
        {"mark": {"type": "circle", "size": 22}, "encoding": {**encoding, "description": {"field": "told"}}},
    ]
    return drawn({"data": {"values": values}, "layer": layers}, says, width, 190)
