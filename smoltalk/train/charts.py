"""What training looked like over its steps: loss, accuracy, margins, as charts of the reporting pages."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from markupsafe import Markup

from smoltalk.reporting.charts import COLOURS, drawn
from smoltalk.reporting.charts_bars import Piece
from smoltalk.reporting.charts_figure import Figure
from smoltalk.reporting.charts_histogram import histogram
from smoltalk.reporting.figures import Histogram
from smoltalk.reporting.page_text import short

_MOST = 400
"""Points a line is drawn with; more are averaged."""
_BINS = 24
_HEIGHT = 190


class Curve(NamedTuple):
    """A figure by TRL's name, and what it says."""

    title: str
    caption: str
    lines: Sequence[tuple[str, str, str]]
    """(name in the log, in words, colour)."""
    level: float | None = None
    """Where a line is drawn across: what chance gives."""


_LOSS = Curve(
    "Loss", "Lower is better. Where the held-out line turns up while the other falls on, rows are learned by heart.",
    (("loss", "training", "accepted"), ("eval_loss", "held out", "rejected")),
)  # fmt: skip
_OF: Mapping[str, Sequence[Curve]] = {
    "sft": (
        _LOSS,
        Curve(
            "Next tokens foretold", "Share of the learned tokens that are the model's own first guess.",
            (("mean_token_accuracy", "training", "accepted"), ("eval_mean_token_accuracy", "held out", "rejected")),
        ),
    ),
    "dpo": (
        _LOSS,
        Curve(
            "Pairs in the right order",
            "Share of pairs whose chosen answer gains more than the rejected one, against the model it began as. "
            "It begins at 0: a model gains nothing on itself. The dashed line is what guessing gives.",
            (("rewards/accuracies", "training", "accepted"), ("eval_rewards/accuracies", "held out", "rejected")), 0.5,
        ),
        Curve(
            "Margin", "By how much the chosen answer gains more: a difference of log-probabilities, times beta.",
            (("rewards/margins", "training", "accepted"), ("eval_rewards/margins", "held out", "rejected")), 0.0,
        ),
        Curve(
            "Chosen and rejected, held out",
            "Where both fall, the model grows less sure of either answer; the margin alone does not show it.",
            (("eval_rewards/chosen", "chosen", "accepted"), ("eval_rewards/rejected", "rejected", "rejected")), 0.0,
        ),
    ),
    "reward": (
        _LOSS,
        Curve(
            "Pairs in the right order",
            "Share of pairs whose chosen answer scores higher. The dashed line is what guessing gives.",
            (("accuracy", "training", "accepted"), ("eval_accuracy", "held out", "rejected")), 0.5,
        ),
        Curve(
            "Margin", "Score of the chosen answer minus that of the rejected one.",
            (("margin", "training", "accepted"), ("eval_margin", "held out", "rejected")), 0.0,
        ),
    ),
}  # fmt: skip


def figures(results: Mapping[str, Any]) -> list[Figure]:
    """Curves over the steps, and the lengths of rows."""
    return [*_curves(results), *_lengths(results["data"])]


def _curves(results: Mapping[str, Any]) -> Iterator[Figure]:
    for curve in _OF[results["kind"]]:
        lines = [(name, word, colour, _points(results, name)) for name, word, colour in curve.lines]
        there = [(word, colour, points) for _, word, colour, points in lines if len(points) > 1]
        if not there:
            continue
        says = f"{curve.title}: " + "; ".join(
            f"{word} from {short(points[0][1])} to {short(points[-1][1])}" for word, _, points in there
        )
        legend = [Piece(word, colour) for word, colour, _ in there]
        yield Figure(curve.title, curve.caption, _drawn(there, curve.level, says), None, legend)


def _points(results: Mapping[str, Any], name: str) -> list[tuple[float, float]]:
    """(step, value); held-out figures begin with what was measured before training."""
    there = [one for one in results["history"] if isinstance(one.get(name), int | float) and isfinite(one[name])]
    found = [(float(one["step"]), float(one[name])) for one in there]
    bare = name.removeprefix("eval_")
    if name.startswith("eval_"):
        first, last = results["before"].get(bare), results["after"].get(bare)
        steps = float(results.get("steps") or 0)
        found = [one for one in found if 0 < one[0] < steps]
        found = [*([(0.0, first)] if first is not None else []), *found, *([(steps, last)] if last is not None else [])]
    return _thinned(found)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    each = -(-len(points) // _MOST)
    if each <= 1:
        return list(points)
    groups = [points[at : at + each] for at in range(0, len(points), each)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def _drawn(lines: Sequence[tuple[str, str, Sequence[tuple[float, float]]]], level: float | None, says: str) -> Markup:
    layers: list[dict[str, Any]] = []
    if level is not None:
        mark = {"type": "rule", "color": COLOURS["soft"], "strokeDash": [3, 3], "aria": False}
        layers.append({"data": {"values": [{}]}, "mark": mark, "encoding": {"y": {"datum": level}}})
    for word, colour, points in lines:
        values = [
            {"step": step, "value": value, "told": f"step {step:,.0f}, {word}: {short(value)}"}
            for step, value in points
        ]
        held = word != "training"
        dots = {"size": 26, "color": COLOURS[colour], "filled": True} if held and len(points) < 40 else False
        layers.append({
            "data": {"values": values},
            "mark": {"type": "line", "color": COLOURS[colour], "strokeWidth": 2 if held else 1.3, "aria": False,
                     "point": dots},
            "encoding": {
                "x": {"field": "step", "type": "quantitative", "title": "steps",
                      "axis": {"grid": False, "tickCount": 5, "format": "~s"}, "scale": {"nice": False}},
                "y": {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": False},
                      "axis": {"tickCount": 4, "domain": False, "ticks": False, "format": "~g"}},
                "description": {"field": "told"},
            },
        })  # fmt: skip
    return drawn({"layer": layers}, says, height=_HEIGHT)


def _lengths(data: Mapping[str, Any]) -> Iterator[Figure]:
    lengths: Sequence[int] = data["lengths"]
    if not lengths or not 0 < min(lengths) < max(lengths):
        return
    low, high = min(lengths), max(lengths)
    edges = sorted({round(low * (high / low) ** (place / _BINS)) for place in range(_BINS + 1)})
    counts = [0] * (len(edges) - 1)
    for one in lengths:
        counts[min(len(counts), bisect_right(edges, one)) - 1] += 1
    limit = data["max_length"]
    marks = [(float(limit), f"max_length {short(limit)}")] if limit and low < limit < high else []
    cut = f" {data['cut']:,} are longer than `max_length` and are cut." if data["cut"] else ""
    caption = f"Rows by their tokens, as the chat template writes them; of pairs, the longer side.{cut}"
    says = f"Rows have {low:,} to {high:,} tokens"
    yield Figure(
        "Lengths", caption, histogram(Histogram([float(one) for one in edges], counts), "tokens", says, marks=marks)
    )
