"""The gate that keeps the first of rows that say nearly the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.rows import Row
from smoltalk.text import ngrams, normalise, strings, word_hashes, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERMUTATIONS = 128
_SEED = 1
_RECALL = 0.95
"""Of the pairs that are just `threshold` alike, the share that the index must bring together."""


class NearDuplicate(Gate):
    """Rejects a row that shares at least `threshold` of its word n-grams with a row kept earlier.

    MinHash (Broder 1997, On the resemblance and containment of documents) estimates the Jaccard similarity, banded
    locality-sensitive hashing (Indyk and Motwani 1998) finds the candidates, and every candidate's estimate is checked.
    128 permutations: a standard error of at most 0.045. Only kept rows are remembered, so a chain of small changes
    does not wear a whole family away. Texts shorter than an n-gram are compared whole.
    Memory: about 9 KB a kept row, nearly all of it datasketch's index.
    """

    on: str
    """The column; of a conversation, the contents of all turns as one text."""
    threshold: float = Field(default=0.7, gt=0, le=1)
    """Jaccard similarity, 0 to 1, from which two rows are the same."""
    ngram: int = Field(default=3, gt=0, le=32)
    """Words in an n-gram: fewer find more."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.on})

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        return _Judge(self.on, self.threshold, self.ngram)


class _Judge:
    def __init__(self, on: str, threshold: float, ngram: int) -> None:
        from datasketch import MinHash, MinHashLSH

        self._on, self._threshold, self._ngram = on, threshold, ngram
        self._blank = MinHash(num_perm=_PERMUTATIONS, seed=_SEED, hashfunc=int)
        self._index = MinHashLSH(num_perm=_PERMUTATIONS, params=bands(threshold))
        self._kept: list[tuple[str, NDArray[np.uint32]]] = []

    def judge(self, row: Row) -> Verdict:
        """Reject with `near_duplicate`, or `missing_column`; evidence: the earlier row's id and the similarity."""
        value = row.get(self._on)
        if value is None:
            return Verdict(False, "missing_column", {"column": self._on})
        grams = _grams("\n".join(strings(value)), self._ngram)
        if not len(grams):
            return KEEP
        sketch = self._blank.copy()
        sketch.update_batch(grams.tolist())
        mine = sketch.hashvalues.astype("uint32")
        # the most similar one; of equals, the earliest
        close = [(float((self._kept[key][1] == mine).mean()), -key) for key in self._index.query(sketch)]
        similarity, key = max(close, default=(0.0, 0))
        if close and similarity >= self._threshold:
            evidence = {"column": self._on, "duplicate_of": self._kept[-key][0], "similarity": round(similarity, 3)}
            return Verdict(False, "near_duplicate", evidence)
        self._index.insert(len(self._kept), sketch)
        self._kept.append((str(row.get("id", "")), mine))
        return KEEP


def bands(threshold: float) -> tuple[int, int]:
    """Bands and rows a band: the most selective that still bring together `_RECALL` of pairs at the threshold."""
    fits = [rows for rows in range(2, 33) if 1 - (1 - threshold**rows) ** (_PERMUTATIONS // rows) >= _RECALL]
    rows = max(fits, default=1)
    return _PERMUTATIONS // rows, rows


def _grams(text: str, n: int) -> "NDArray[np.uint32]":
    """Hashes of the n-grams of a text, each once; one hash for a text of fewer words; none for an empty one."""
    import numpy as np

    tokens = words(text) or [whole for whole in [normalise(text)] if whole]
    hashes = word_hashes(tokens)
    return np.unique(ngrams(hashes, max(1, min(n, len(tokens)))).astype(np.uint32))
