"""One engine along the time of a run: tokens a second, requests in flight, and why places stood empty."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, drawn
from smoltalk.reporting.machinery import Moment

STATES = (("full", "accepted", "full"), ("part", "third", "some rows ready"), ("empty", "pale", "no row ready"))
"""(field of a moment, colour, in words)."""
_MOST = 90
"""Points a line is drawn with; more moments are averaged."""
_GUTTER, _PLOT = 38, 292


def timeline(moments: Sequence[Moment], says: str) -> Markup:
    """Three rows over one axis of time; `moments` are of one engine, in order."""
    unit, seconds = next(
        ((name, size) for name, size in (("hours", 3600), ("minutes", 60)) if moments[-1].seconds > 3 * size),
        ("seconds", 1),
    )
    points = [{**point, "at": point["at"] / seconds} for point in _thinned(moments)]
    x: dict[str, Any] = {
        "field": "at", "type": "quantitative", "title": None,
        "scale": {"domain": [0, max(points[-1]["at"], 0.001)], "nice": False},
        "axis": {"labels": False, "ticks": False, "grid": False},
    }  # fmt: skip
    last = {**x, "title": f"{unit} since the start", "axis": {"grid": False, "tickCount": 6, "labelFlush": True}}
    rows = [
        _line("speed", "tokens/s", 74, x, "area"),
        _line("in_flight", "in flight", 46, x, "line"),
        _states(points, last),
    ]
    spec = {"data": {"values": points}, "vconcat": rows, "spacing": 8}
    return drawn(spec, says, None, None)


def _line(field: str, title: str, height: int, x: dict[str, Any], kind: str) -> dict[str, Any]:
    colour = COLOURS["accepted"] if kind == "area" else COLOURS["fourth"]
    mark = {"type": kind, "interpolate": "step-before" if kind == "line" else "linear", "aria": False}
    paint = {"color": colour, "opacity": 0.85} if kind == "area" else {"stroke": colour, "strokeWidth": 1.5}
    axis: dict[str, Any] = {"tickCount": 2, "domain": False, "ticks": False, "minExtent": _GUTTER, "maxExtent": _GUTTER}
    axis["labelExpr"] = "format(datum.value, '~s')"
    return {
        "width": _PLOT, "height": height, "mark": {**mark, **paint},
        "encoding": {"x": x, "y": {"field": field, "type": "quantitative", "title": title, "axis": axis}},
    }  # fmt: skip


def _states(points: Sequence[dict[str, Any]], x: dict[str, Any]) -> dict[str, Any]:
    """Shares of the time, stacked; what is left of 1 the engine was starting or off."""
    values = [
        {"at": point["at"], "state": place, "share": point[field]}
        for point in points
        for place, (field, _, _) in enumerate(STATES)
    ]
    hidden = {"labels": False, "ticks": False, "domain": False, "grid": False}
    return {
        "width": _PLOT, "height": 26, "data": {"values": values},
        "mark": {"type": "area", "interpolate": "step-before", "aria": False},
        "encoding": {
            "x": x,
            "y": {
                "field": "share", "type": "quantitative", "title": "places", "stack": True,
                "scale": {"domain": [0, 1]}, "axis": {**hidden, "minExtent": _GUTTER, "maxExtent": _GUTTER},
            },
            "color": {
                "field": "state", "type": "ordinal", "legend": None,
                "scale": {"domain": [0, 1, 2], "range": [COLOURS[colour] for _, colour, _ in STATES]},
            },
            "order": {"field": "state"},
        },
    }  # fmt: skip


def _thinned(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """At most `_MOST` points, each the mean of the moments it stands for."""
    each = -(-len(moments) // _MOST)
    groups = [moments[at : at + each] for at in range(0, len(moments), each)]
    return [
        {
            "at": group[-1].seconds,
            "speed": _mean([one.tokens_per_second for one in group]),
            "in_flight": _mean([one.in_flight for one in group]),
            **{field: _mean([getattr(one, field) for one in group]) for field, _, _ in STATES},
        }
        for group in groups
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
