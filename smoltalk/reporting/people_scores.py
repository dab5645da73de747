"""Scores beside people: how sure it is that one tells anything, and the curve of its cuts."""

from collections.abc import Sequence
from math import sqrt

from smoltalk.reporting.people import At, Beside, Cuts
from smoltalk.review.agreement import Agreed
from smoltalk.review.choosing import score_of
from smoltalk.review.findings import Cut
from smoltalk.review.fitting import Point
from smoltalk.text import neutralise

_POINTS = 120
_NAME = 80
"""Characters of a column's name."""


def beside(score: Agreed, fitted: Sequence[Cut]) -> Beside:
    """A score with the error of its AUC."""
    base = next((cut.fit.base for cut in fitted if cut.fit.column == score.column), 0.5)
    kept = round(base * score.rows)
    error = _error(score.auc, kept, score.rows - kept)
    return Beside(_name(score.column), score.rows, score.kept, score.dropped, score.auc, error)


def _error(auc: float, kept: int, dropped: int) -> float:
    """Standard error of an AUC over so many rows (Hanley and McNeil 1982, with both Q of the negative exponential).

    It is taken where the AUC is at most one row from 0 or 1, for there the formula says that there is none.
    """
    near = 0.5 / max(kept * dropped, 1)
    auc = min(max(auc, near), 1 - near)
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (kept - 1) * (q1 - auc * auc) + (dropped - 1) * (q2 - auc * auc)
    return sqrt(max(spread, 0.0) / max(kept * dropped, 1))


def cuts(cut: Cut) -> Cuts:
    """A score's cuts, few enough to be drawn."""
    fit = cut.fit
    labels = sorted((place, label) for label in fit.labels if (place := score_of(label)) is not None)
    return Cuts(
        column=_name(fit.column),
        rows=fit.rows,
        gate=cut.gate,
        curve=[_at(point) for point in _thinned(fit.curve, fit.best)],
        now=_at(cut.now),
        proposed=_at(fit.best),
        labels=labels,
        line=cut.line,
    )


def _thinned(curve: Sequence[Point], best: Point) -> list[Point]:
    each = -(-len(curve) // (_POINTS - 2))
    last = len(curve) - 1
    return [point for place, point in enumerate(curve) if not place % each or place == last or point == best]


def _at(point: Point) -> At:
    return At(point.cut, point.precision, point.recall, point.kept)


def _name(column: str) -> str:
    return neutralise(column[:_NAME])
