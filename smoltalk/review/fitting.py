"""Where a gate's cut would stand if people's answers placed it: precision and recall over every possible cut."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from smoltalk.review.choosing import score_of
from smoltalk.rows import Row


class Point(NamedTuple):
    """One cut: rows that score at least so much would be kept."""

    cut: float
    precision: float
    """Of the rows it keeps, those that people keep."""
    recall: float
    """Of the rows that people keep, those that it keeps."""
    kept: int


class Fit(NamedTuple):
    """A score's cuts."""

    column: str
    rows: int
    curve: tuple[Point, ...]
    """From the lowest cut, which keeps everything, to the highest."""
    best: Point
    """The one with the highest F1; of equals the lowest, which keeps most."""
    base: float
    """Precision without a cut: the share of rows that people keep."""
    labels: tuple[str, ...] = ()
    """Of a column of labels: those that the rows have."""


def fits(decided: Mapping[int, bool], rows: Mapping[int, Row]) -> list[Fit]:
    """Cuts for every column of scores; `decided` says which rows people keep. The most telling score comes first."""
    columns: dict[str, list[tuple[float, bool]]] = {}
    for row, keep in decided.items():
        for name, value in rows.get(row, {}).items():
            if (score := score_of(value)) is not None:
                columns.setdefault(name, []).append((score, keep))
    found = [
        _fit(name, pairs)._replace(labels=_labels(name, decided, rows))
        for name, pairs in sorted(columns.items())
        if _tells(pairs)
    ]
    return sorted(found, key=lambda fit: -f1(fit.best))


def _labels(name: str, decided: Mapping[int, bool], rows: Mapping[int, Row]) -> tuple[str, ...]:
    values = (rows.get(row, {}).get(name) for row in decided)
    return tuple(sorted({value for value in values if isinstance(value, str) and score_of(value) is not None}))


def _tells(pairs: Sequence[tuple[float, bool]]) -> bool:
    return len({score for score, _ in pairs}) > 1 and len({keep for _, keep in pairs}) > 1


def _fit(name: str, pairs: Sequence[tuple[float, bool]]) -> Fit:
    scores = np.array([score for score, _ in pairs])
    keep = np.array([kept for _, kept in pairs])
    curve = []
    for cut in np.unique(scores):
        passed = scores >= cut
        right = int((passed & keep).sum())
        curve.append(Point(float(cut), right / int(passed.sum()), right / int(keep.sum()), int(passed.sum())))
    best = max(curve, key=lambda point: (f1(point), -point.cut))
    return Fit(name, len(pairs), tuple(curve), best, float(keep.mean()))


def f1(point: Point) -> float:
    """The harmonic mean of precision and recall."""
    both = point.precision + point.recall
    return 2 * point.precision * point.recall / both if both else 0.0
