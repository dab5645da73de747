"""Rank correlation."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def spearman(one: "NDArray[np.float64]", two: "NDArray[np.float64]") -> float | None:
    """Spearman's rank correlation, ties by their mean rank; None where either never varies or there are under ten."""
    if len(one) < 10 or one.min() == one.max() or two.min() == two.max():
        return None
    first, second = _ranks(one), _ranks(two)
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: NDArray[np.float64] = (ends - (counts - 1) / 2)[places]
    return ranks
