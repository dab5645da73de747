"""Tell-tale phrases against their reference: how many times as often."""

from collections.abc import Sequence

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, NARROW, drawn
from smoltalk.reporting.charts_bars import place_labels
from smoltalk.reporting.page_text import short
from smoltalk.reporting.suspicions import Phrase

_MOST = 10_000.0
"""Times its reference beyond which a dot stays at the edge."""
OVER = 2.0
"""Times its reference from which on a phrase is coloured."""


def ratios(phrases: Sequence[Phrase], says: str, width: int = NARROW) -> Markup:
    """A dot a phrase on a logarithmic axis around 1, the reference; those with a ratio only."""
    listed = [(one, min(max(one.ratio, 1 / _MOST), _MOST)) for one in phrases if one.ratio is not None]
    values = [
        {
            "at": place, "ratio": ratio, "one": 1, "text": f"{short(one.ratio or 0)}×",
            "colour": COLOURS["rejected" if ratio >= OVER else "accepted"],
            "told": f"{one.phrase}: {short(one.rate)} {one.unit}, reference {short(one.reference or 0)}",
        }
        for place, (one, ratio) in enumerate(listed)
    ]  # fmt: skip
    top = max([10.0, *(ratio for _, ratio in listed)])
    low = min([0.1, *(ratio for _, ratio in listed)])
    y, labels = place_labels([one.phrase for one, _ in listed], width)
    x = {
        "field": "ratio", "type": "quantitative", "title": "times the reference",
        "scale": {"type": "log", "domain": [low, top * 1.05], "nice": False},
        "axis": {
            "values": [10.0**power for power in range(-4, 5)], "labelFlush": True,
            "labelExpr": "format(datum.value, ',~g') + '\\u00d7'",
        },
    }  # fmt: skip
    paint = {"field": "colour", "type": "nominal", "scale": None}
    spec = {
        "data": {"values": values},
        "layer": [
            labels,
            {"mark": {"type": "rule", "strokeWidth": 2, "aria": False},
             "encoding": {"y": y, "x": x, "x2": {"field": "one"}, "color": paint}},
            {"mark": {"type": "circle", "size": 70, "opacity": 1},
             "encoding": {"y": y, "x": x, "color": paint, "description": {"field": "told"}}},
            {"mark": {"type": "text", "align": {"expr": "datum.ratio < 1 ? 'right' : 'left'"},
                      "dx": {"expr": "datum.ratio < 1 ? -7 : 7"}, "aria": False},
             "encoding": {"y": y, "x": x, "text": {"field": "text"}}},
            {"mark": {"type": "rule", "color": COLOURS["ink"], "aria": False}, "encoding": {"x": {"datum": 1}}},
        ],
    }  # fmt: skip
    return drawn(spec, says, width, 21 * len(listed) + 50)
