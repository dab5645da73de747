"""Our own method: how much of an item a row covers, weighted by how telling the words are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from smoltalk.benchmarks import match
from smoltalk.benchmarks.index import Desk, Index
from smoltalk.decontamination import Hit, Kind, best_of_items
from smoltalk.words import Texts
from smoltalk.words.listed import words_in

if TYPE_CHECKING:
    from smoltalk.benchmarks import Fingerprint

_ALL = 0.999
_NEARLY_ALL = 0.9
"""The share of an item's other words from which a copy with other numbers is called that."""
_SHORTER = 0.85
"""A span of the row with this share of the item's words, nearly all of them found, is a piece of it."""


class Coverage:
    """Fingerprints and their index, as a `Finder`."""

    def __init__(self, prints: "Sequence[Fingerprint]", threshold: float) -> None:
        self.names = tuple(one.manifest.name for one in prints)
        self.sources = tuple(f"{one.manifest.name} {one.manifest.sha256} {one.manifest.words}" for one in prints)
        self.sizes = tuple(one.manifest.rows for one in prints)
        self._prints = tuple(prints)
        self._index = Index(prints, threshold)
        of_units = [np.add.reduceat(*_numbers(one)) if len(one.numbers) else np.empty(0, np.int64) for one in prints]
        self._lengths = np.concatenate([one.lengths for one in prints]).astype(np.int64)
        self._numbers = np.zeros(len(self._lengths), np.int64)
        self._numbers[self._index.kinds == match.LONG] = np.concatenate(of_units)

    def called(self, benchmark: int, item: int) -> str:
        """As `Finder.called`."""
        return self._prints[benchmark].called(item)

    def desk(self) -> Desk:
        """Scratch of one thread."""
        return Desk(self._index)

    def find(self, texts: Texts, desk: object) -> list[Hit]:
        """As `Finder.find`; the scan itself releases the GIL."""
        assert isinstance(desk, Desk)
        found = self._index.scan(texts, desk=desk)
        if not len(found.rows):
            return []
        benchmarks, items = self._index.benchmark[found.units], self._index.items[found.units]
        numbers = zip(found.rows, benchmarks, items, found.scores[:, 0].clip(max=1), found.places, strict=True)
        return best_of_items(
            Hit(int(row), int(which), int(item), float(score), self._kind(unit, shares, texts, place), *map(int, place))
            for (row, which, item, score, place), unit, shares in zip(
                numbers, found.units.tolist(), found.scores.tolist(), strict=True
            )
        )

    def _kind(
        self, unit: int, shares: Sequence[float], texts: Texts, place: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    ) -> Kind:
        _, plain, same = shares
        if self._index.kinds[unit] != match.LONG or (plain >= _ALL and same >= _ALL):
            return "exact"
        length, numbers = int(self._lengths[unit]), int(self._numbers[unit])
        others = length - numbers
        if same < _ALL and plain * length - same * numbers >= _NEARLY_ALL * others:
            return "numbers_changed"
        span = _count(texts, int(place[0]), int(place[1]))
        if span <= _SHORTER * length and plain * length >= _NEARLY_ALL * span:
            return "partial"
        return "edited"


def _numbers(
    one: "Fingerprint",
) -> "tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]":
    """Of each word of the long units whether it is a number, and where each unit starts."""
    long = one.lengths[one.kinds == match.LONG].astype(np.int64)
    return (one.numbers > 0).astype(np.int64), np.cumsum(long) - long


def _count(texts: Texts, first: int, last: int) -> int:
    """Words in a span."""
    return len(words_in(Texts(texts.data[first:last], np.array([0, last - first]), np.array([0, 1]))).hashes)
