"""Our own method: how much of an item a row covers, weighted by how telling the words are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from smoltalk.benchmarks.index import Desk, Hits, Index
from smoltalk.decontamination import Hit, Kind
from smoltalk.words import Texts
from smoltalk.words.listed import words_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.benchmarks import Fingerprint

_NEARLY_ALL = 0.9
"""The share of an item's words, its changed numbers among them, from which a copy with other numbers is called that."""
_SHORTER = 0.85
"""A span of the row with this share of the item's words, nearly all of them found, is a piece of it."""
_ALL = 0.9995
"""The score, written with three digits, at which nothing lacks that tells: what lacks is wording that items share."""


class Coverage:
    """Fingerprints and their index, as a `Finder`."""

    def __init__(self, prints: "Sequence[Fingerprint]", threshold: float) -> None:
        self.names = tuple(one.manifest.name for one in prints)
        told = [one.manifest for one in prints]
        self.sources = tuple(f"{m.name} {m.sha256} {m.format} {m.words} {m.everyday}" for m in told)
        self.sizes = tuple(one.manifest.rows for one in prints)
        self._prints = tuple(prints)
        self._index = Index(prints, threshold)
        self._lengths = np.concatenate([one.lengths for one in prints]).astype(np.int64)

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
        hits: dict[tuple[int, int, int], Hit] = {}
        for at in _best_first(found, self._lengths):
            unit, place, said = int(found.units[at]), found.places[at], found.scores[at]
            key = int(found.rows[at]), int(self._index.benchmark[unit]), int(self._index.items[unit])
            if key not in hits:
                kind = self._kind(unit, said, texts, place)
                hits[key] = Hit(*key, min(1.0, float(said[0])), kind, int(place[0]), int(place[1]))
        return list(hits.values())

    def _kind(self, unit: int, said: "NDArray[np.float64]", texts: Texts, place: "NDArray[np.int64]") -> Kind:
        score, found, changed, word_for_word = said.tolist()
        if word_for_word:
            return "exact"
        if changed and found + changed >= _NEARLY_ALL:
            return "numbers_changed"
        length, span = int(self._lengths[unit]), _count(texts, int(place[0]), int(place[1]))
        if score < _ALL and span <= _SHORTER * length and found * length >= _NEARLY_ALL * span:
            return "partial"
        return "edited"


def _best_first(found: Hits, lengths: "NDArray[np.int64]") -> list[int]:
    """Hits by row; of a row by score, then those word for word, then those of more words."""
    score, share, _, word_for_word = found.scores.T
    words = np.rint(share * lengths[found.units])
    order = np.lexsort((found.units, -words, -word_for_word, -score.round(6), found.rows))
    return [int(at) for at in order]


def _count(texts: Texts, first: int, last: int) -> int:
    """Words in a span."""
    return len(words_in(Texts(texts.data[first:last], np.array([0, last - first]), np.array([0, 1]))).hashes)
