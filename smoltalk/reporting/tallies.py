"""Counts of lengths that add up over batches: exact up to 16,383, in thirty-seconds of an octave beyond."""

from typing import TYPE_CHECKING

import numpy as np

from smoltalk.reporting.figures import Histogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 1 << 14
_STEPS = 32
_BEYOND = 32 * _STEPS
"""Bins beyond: up to 2^46."""


class LengthTally:
    """A distribution of whole numbers. Memory: 120 KB, however many it is told."""

    def __init__(self) -> None:
        self._counts = np.zeros(_EXACT + _BEYOND, np.int64)
        self.total = 0
        self.longest = 0

    def add(self, lengths: "NDArray[np.int64]") -> None:
        """Count these."""
        if not len(lengths):
            return
        places = lengths
        if int(lengths.max()) >= _EXACT:
            beyond = _EXACT + (np.log2(np.maximum(lengths, _EXACT) / _EXACT) * _STEPS).astype(np.int64)
            places = np.where(lengths < _EXACT, lengths, np.minimum(beyond, _EXACT + _BEYOND - 1))
        self._counts += np.bincount(places, minlength=_EXACT + _BEYOND)
        self.total += int(lengths.sum())
        self.longest = max(self.longest, int(lengths.max()))

    def merge(self, other: "LengthTally") -> None:
        """Add another's counts."""
        self._counts += other._counts
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    @property
    def rows(self) -> int:
        """How many were counted."""
        return int(self._counts.sum())

    def quantile(self, share: float) -> float:
        """The least length that this share of them does not exceed; within 2 % beyond 16,383."""
        if not self.rows:
            return 0.0
        rank = max(1, int(np.ceil(share * self.rows)))
        place = int(np.searchsorted(np.cumsum(self._counts), rank))
        return float(place if place < _EXACT else round(_EXACT * 2 ** ((place - _EXACT + 0.5) / _STEPS)))

    def histogram(self, *, linear: bool = False) -> Histogram:
        """In half octaves from the shortest to the longest, or one bin a number."""
        if not self.rows:
            return Histogram([0.0, 1.0], [0], "linear" if linear else "log")
        edges = _linear(self.longest) if linear else _half_octaves(self.longest)
        ends = [*np.cumsum(self._counts)[[min(_place(edge) - 1, len(self._counts) - 1) for edge in edges[1:]]].tolist()]
        ends[-1] = self.rows
        counts = np.diff([0, *ends]).tolist()
        while len(counts) > 1 and not counts[0] and not linear:
            counts, edges = counts[1:], edges[1:]
        return Histogram([float(edge) for edge in edges], counts, "linear" if linear else "log")


def _place(edge: int) -> int:
    return edge if edge < _EXACT else _EXACT + int(np.ceil(np.log2(edge / _EXACT) * _STEPS - 1e-9))


def _half_octaves(longest: int) -> list[int]:
    edges = [0, 1]
    half = 1
    while edges[-1] <= longest:
        half += 1
        edge = round(2 ** (half / 2))
        if edge > edges[-1]:
            edges.append(edge)
    return edges


def _linear(longest: int) -> list[int]:
    """A bin for each number up to 40; what is longer stands in the last."""
    return [*range(min(longest, 40) + 2)]
