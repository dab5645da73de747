"""Rows whose vectors lie close to an earlier row's: exact nearest neighbours, a block of rows at a time."""

from typing import TYPE_CHECKING

import numpy as np

from smoltalk.duplicates.near import NO_TEXT, Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 512
"""New rows that are compared with the kept ones at once: one matrix product for all of them."""
_CHUNK = 8_192
"""Kept rows in one such product."""
_SLACK = 1e-5
"""What the order of a sum may change in a cosine."""


class SemanticIndex:
    """Vectors of the rows kept so far. `add` takes rows in their order.

    Every row is compared with every kept one, so nothing is missed and time grows with their square: about
    2 x rows x kept x dimensions operations, at the speed of the machine's BLAS. Memory: 4 bytes a dimension of each
    kept row, and up to a quarter more for those to come. What stays is the head of each cluster, as in SemDeDup (Abbas
    et al. 2023) but by row order, and found without k-means.
    """

    def __init__(self, threshold: float) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"no index of threshold {threshold}")
        self.threshold = threshold
        self.kept = 0
        self._vectors = np.zeros((0, 0), np.float32)

    @property
    def dimensions(self) -> int:
        """Numbers in a vector; 0 before the first."""
        return int(self._vectors.shape[1])

    def add(self, vectors: "NDArray[np.float32]", threshold: float | None = None) -> Found:
        """Judge rows of unit vectors `(rows, dimensions)`, a similarity being a cosine.

        Zeros, or no numbers, are no text. `threshold` stands in for the index's own. Raises `ValueError` for vectors of
        another length than earlier ones.
        """
        bar = self.threshold if threshold is None else threshold
        if not vectors.shape[1]:  # a stretch of rows none of which says anything
            none = np.full(len(vectors), -1, np.int64)
            return Found(np.full(len(vectors), NO_TEXT, np.int64), np.zeros(len(vectors), np.float32), none)
        if self.kept and vectors.shape[1] != self._vectors.shape[1]:
            raise ValueError(f"vectors of {vectors.shape[1]} numbers beside others of {self._vectors.shape[1]}")
        parts = [self._block(vectors[at : at + _BLOCK], bar) for at in range(0, len(vectors), _BLOCK)]
        empty = Found(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))
        return Found(*(np.concatenate(column) for column in zip(empty, *parts, strict=True)))

    def _block(self, new: "NDArray[np.float32]", bar: float) -> Found:
        best, most = np.full(len(new), -1, np.int64), np.zeros(len(new), np.float32)
        for start in range(0, self.kept, _CHUNK):
            old = self._vectors[start : min(start + _CHUNK, self.kept)]
            alike = new @ old.T
            place = alike.argmax(axis=1)
            value = alike[np.arange(len(new)), place]
            better = value > most
            best[better], most[better] = place[better] + start, value[better]
        earlier = np.full(len(new), -1, np.int64)
        among = new @ new.T
        stays: list[int] = []
        for row in range(len(new)):
            if not new[row].any():
                earlier[row] = NO_TEXT
                continue
            if stays:
                near = among[row, stays]
                place_here = int(near.argmax())
                if near[place_here] > most[row]:
                    best[row], most[row] = self.kept + place_here, near[place_here]
            if best[row] >= 0 and most[row] >= bar - _SLACK:
                earlier[row] = best[row]
            else:
                stays.append(row)
        self._remember(new[stays])
        return Found(earlier, np.minimum(most, 1), best)

    def _remember(self, new: "NDArray[np.float32]") -> None:
        need = self.kept + len(new)
        if need > len(self._vectors):
            size = (max(need, len(self._vectors) * 5 // 4), new.shape[1])
            if self.kept:
                self._vectors.resize(size, refcheck=False)
            else:
                self._vectors = np.zeros(size, np.float32)
        self._vectors[self.kept : need] = new
        self.kept = need
