"""Horizontal bars in one or more colours: a label each, its figure at its end."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, NARROW, drawn

_ROW, _AXIS = 21, 14
_LETTER = 7.3
"""Pixels of a letter of a label, in the widest of the fonts that `system-ui` stands for."""
_GAP = 6


class Bar(NamedTuple):
    """One line of the chart."""

    label: str
    parts: Sequence[float]
    """Lengths of its pieces, left to right."""
    text: str
    """Written at its end."""


class Piece(NamedTuple):
    """What the pieces of one place mean."""

    name: str
    colour: str
    """Of `COLOURS`."""


def bars(lines: Sequence[Bar], pieces: Sequence[Piece], says: str, width: int = NARROW) -> Markup:
    """The lines from top to bottom in the order given; two lines of one label are both shown."""
    values = [
        {"at": place, "piece": number, "from": start, "to": start + part,
         "told": f"{line.label[:200]}: {_told(line, pieces)}"}
        for place, line in enumerate(lines)
        for number, (start, part) in enumerate(_stacked(line.parts))
        if part > 0
    ]  # fmt: skip
    ends = [{"at": place, "end": sum(line.parts), "text": line.text} for place, line in enumerate(lines)]
    longest = max((sum(line.parts) for line in lines), default=0) or 1
    y, labels = place_labels([line.label for line in lines], width)
    spec = {
        "padding": {"left": 4, "top": 4, "bottom": 4, "right": 4 + max((len(line.text) for line in lines), default=0)},
        "layer": [
            labels,
            {
                "data": {"values": values},
                "mark": {"type": "bar", "height": {"band": 0.68}},
                "encoding": {
                    "y": y,
                    "x": {
                        "field": "from", "type": "quantitative", "axis": None,
                        "scale": {"domain": [0, longest], "nice": False},
                    },
                    "x2": {"field": "to"},
                    "color": {
                        "field": "piece", "type": "ordinal", "legend": None,
                        "scale": {
                            "domain": list(range(len(pieces))), "range": [COLOURS[piece.colour] for piece in pieces],
                        },
                    },
                    "description": {"field": "told"},
                },
            },
            {
                "data": {"values": ends},
                "mark": {"type": "text", "align": "left", "dx": 4, "aria": False},
                "encoding": {
                    "y": y,
                    "x": {"field": "end", "type": "quantitative"},
                    "text": {"field": "text"},
                },
            },
        ]
    }  # fmt: skip
    return drawn(spec, says, width, _ROW * len(lines) + _AXIS)


def place_labels(labels: Sequence[str], width: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels left of the plot: the encoding of `y` (lines are told apart by their place, field `at`), and a layer."""
    cut = [_cut(label, 20 if width == NARROW else 36) for label in labels]
    y = {
        "field": "at", "type": "ordinal", "title": None, "scale": {"domain": list(range(len(labels)))},
        "axis": {
            "labels": False, "ticks": False, "domain": False,
            "minExtent": _GAP + _LETTER * max(map(len, cut), default=0),
        },
    }  # fmt: skip
    layer = {
        "data": {"values": [{"at": place, "label": label} for place, label in enumerate(cut)]},
        "mark": {"type": "text", "align": "right", "x": -_GAP, "fontSize": 12, "aria": False},
        "encoding": {"y": y, "text": {"field": "label"}},
    }
    return y, layer


def _stacked(parts: Sequence[float]) -> list[tuple[float, float]]:
    return [(sum(parts[:place]), part) for place, part in enumerate(parts)]


def _told(line: Bar, pieces: Sequence[Piece]) -> str:
    if len(pieces) == 1:
        return line.text
    return ", ".join(
        f"{piece.name} {part:,.4g}" if isinstance(part, float) else f"{piece.name} {part:,}"
        for piece, part in zip(pieces, line.parts, strict=True)
    )


def _cut(label: str, letters: int) -> str:
    """The beginning and the end of a long label: sentences of judges often begin alike."""
    label = " ".join(label.split())
    tail = letters * 2 // 5
    return label if len(label) <= letters else f"{label[: letters - tail - 1]}…{label[-tail:]}"
