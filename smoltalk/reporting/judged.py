"""What columns say: labels and numbers, how they are spread, and judges that tell nothing apart."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from smoltalk.contracts import Step
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.reporting.cells import Cell, Cells
from smoltalk.reporting.dull import dull, following, label_of
from smoltalk.reporting.figures import Count, Degenerate, Histogram, Labels, Numbers
from smoltalk.reporting.ranks import spearman

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW, _LABELS, _GROUPS = 12, 40, 20
"""Different numbers from which a column is one of numbers; labels and groups that are told apart."""
_SCALE = 5
"""Points of a scale: so many fractions may still be one."""
_DIFFERENT = 0.3
"""Share of different values from which texts are no labels."""
_BINS = 30
_ORDERS = (
    ("very poor", "poor", "average", "good", "excellent"),
    ("very easy", "easy", "medium", "hard", "very hard"),
    ("low", "medium", "high"),
    ("fail", "unknown", "pass"),
)
"""Ratings from the lowest up, as this project's templates ask for them."""


def columns(cells: Cells, pipeline: Pipeline | None) -> tuple[list[Labels], list[Numbers], list[Degenerate]]:
    """Every column that holds labels or numbers, and what is wrong with those that judges wrote."""
    judged, rated = _writers(pipeline)
    made = _made(pipeline)
    labels, numbers = [], []
    flat = {name: _flat(found) for name, found in cells.columns.items()}
    category = _category(flat, rated)
    for name, found in flat.items():
        there = [cell for cell in found if cell.value is not None]
        if not there:
            continue
        if _are_numbers(there):
            of_groups = _numbers(name, found, cells.rows, flat.get(category, []), category)
            numbers.append(replace(of_groups, judged=name in made))
        elif _are_labels(there, len({cell.row for cell in there})):
            labels.append(_labels(name, found, cells.rows, name in judged, name in rated))
    bad = [*dull(labels), *following(labels, flat, numbers, rated)]
    labels.sort(key=lambda one: (one.name != category, not one.judged, one.name))
    numbers.sort(key=lambda one: (one.name not in judged, one.name))
    return labels, numbers, bad


def _writers(pipeline: Pipeline | None) -> tuple[set[str], set[str]]:
    """Columns that are somebody's verdict, and of them those by models."""
    judged: set[str] = set()
    rated: set[str] = set()
    for step in pipeline.steps if pipeline else ():
        if not isinstance(step.part, Step | Stock) or step.part is pipeline.source.part:  # type: ignore[union-attr]
            continue
        if step.part.engines():
            rated |= step.part.writes()
        if step.part.engines() or step.name in ("verify", "classify"):
            judged |= step.part.writes()
    own = pipeline.born_with if pipeline else frozenset()
    return judged - own, rated - own


def _made(pipeline: Pipeline | None) -> set[str]:
    """Columns that steps wrote: a number among them is a score, or made of scores."""
    steps = [step.part for step in pipeline.steps if step.part is not pipeline.source.part] if pipeline else []
    written = {name for part in steps if isinstance(part, Step | Stock) for name in part.writes()}
    return written - (pipeline.born_with if pipeline else frozenset())


def _flat(cells: Iterable[Cell]) -> list[Cell]:
    """Lists of labels as their labels."""
    return [
        cell if not isinstance(cell.value, list) else cell._replace(value=one)
        for cell in cells
        for one in (cell.value if isinstance(cell.value, list) else (None,))
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_numbers(cells: Sequence[Cell]) -> bool:
    """Mostly numbers, and too many different ones to be a scale; of few rows, fractions that seldom repeat."""
    found = [cell.value for cell in cells if _is_number(cell.value)]
    different = len(set(found))
    fractions = any(isinstance(one, float) and math.isfinite(one) and not one.is_integer() for one in found)
    many = different > _FEW or (fractions and different > max(_SCALE, len(found) / 2))
    return many and len(found) > 0.9 * len(cells)


def _are_labels(cells: Sequence[Cell], rows: int) -> bool:
    different = {str(cell.value) for cell in cells}
    return len(different) <= max(_FEW, min(500, _DIFFERENT * rows))


def _category(flat: Mapping[str, list[Cell]], rated: set[str]) -> str:
    """The column that other columns are best parted by."""
    named = [name for name in ("category", "task", "topic", "primary_tag", "domain", "source") if name in flat]
    others = [name for name in flat if name not in rated]
    for name in (*named, *others):
        values = {str(cell.value) for cell in flat[name] if isinstance(cell.value, str)}
        if 2 <= len(values) <= _LABELS:
            return name
    return ""


# ---------------------------------------------------------------- labels


def _labels(name: str, cells: Sequence[Cell], rows: int, judged: bool, rated: bool) -> Labels:
    there = [cell for cell in cells if cell.value is not None]
    counts = Counter(label_of(cell.value) for cell in there)
    order = _order(counts)
    by_fate = {
        fate: Counter(label_of(cell.value) for cell in there if cell.fate == fate) for fate in ("accepted", "rejected")
    }
    shares = np.array(list(counts.values()), np.float64) / counts.total()
    entropy = float(-(shares * np.log2(shares)).sum() / math.log2(len(counts))) if len(counts) > 1 else 0.0
    return Labels(
        name=name,
        judged=judged,
        accepted=_counted(by_fate["accepted"], order),
        rejected=_counted(by_fate["rejected"], order),
        failed=sum(cell.fate == "failed" for cell in there),
        missing=rows - len({cell.row for cell in there}),
        different=len(counts),
        top_share=float(shares.max()),
        entropy=entropy,
        ordered=bool(order),
        rated=rated,
    )


def _order(counts: Mapping[str, int]) -> list[str]:
    """The labels from the lowest up, where they have an order."""
    for order in _ORDERS:
        if len(counts) > 1 and counts.keys() <= set(order):
            return list(order)
    try:
        return sorted(counts, key=float) if len(counts) > 1 else []
    except ValueError:
        return []


def _counted(counts: Counter[str], order: Sequence[str]) -> list[Count]:
    if order and len(order) <= _LABELS:
        return [Count(label, counts[label]) for label in order]
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(n for _, n in listed[_LABELS:])
    return [*(Count(*item) for item in listed[:_LABELS]), *([Count("others", rest)] if rest else [])]


# ---------------------------------------------------------------- numbers


def _numbers(name: str, cells: Sequence[Cell], rows: int, groups: Sequence[Cell], category: str) -> Numbers:
    there = [cell for cell in cells if _is_number(cell.value)]
    values = np.array([cell.value for cell in there], np.float64)
    lengths = np.array([cell.length for cell in there], np.float64)
    accepted = np.array([cell.fate == "accepted" for cell in there])
    rejected = np.array([cell.fate == "rejected" for cell in there])
    edges = _edges(values)
    return Numbers(
        name=name,
        values=len(values),
        missing=rows - len(values),
        mean=float(values.mean()),
        deviation=float(values.std()),
        low=float(values.min()),
        median=float(np.median(values)),
        high=float(values.max()),
        accepted=_histogram(values[accepted], edges),
        rejected=_histogram(values[rejected], edges),
        length_correlation=spearman(values, lengths),
        by_category=_by_category(there, groups) if name != category else [],
        categorised_by=category if name != category else "",
    )


def _edges(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Bins from the 0.2th to the 99.8th percentile; what lies outside is in the first and the last."""
    low, high = (float(one) for one in np.quantile(values, (0.002, 0.998)))
    if low == high:
        low, high = float(values.min()), float(values.max())
    return np.linspace(low, high if high > low else low + 1, _BINS + 1)


def _histogram(values: "NDArray[np.float64]", edges: "NDArray[np.float64]") -> Histogram:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return Histogram([float(edge) for edge in edges], [int(n) for n in counts], "linear")


def _by_category(cells: Sequence[Cell], groups: Sequence[Cell]) -> list[tuple[str, int, float]]:
    names = {cell.row: label_of(cell.value) for cell in groups if cell.value is not None}
    found: dict[str, list[float]] = {}
    for cell in cells:
        if cell.row in names:
            found.setdefault(names[cell.row], []).append(float(cell.value))
    listed = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:_GROUPS]
    return [(name, len(values), float(np.mean(values))) for name, values in listed] if len(listed) > 1 else []
