"""All words of many texts in a few arrays."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smoltalk.words.arrow import Texts
from smoltalk.words.compiled import compiled
from smoltalk.words.fold import tables
from smoltalk.words.scan import words_of


class Words(NamedTuple):
    """Text `t` has words `bounds[t]` to `bounds[t + 1]`; `hashes` and `exact` are as in `scan.words_of`."""

    hashes: NDArray[np.uint64]
    exact: NDArray[np.uint64]
    bounds: NDArray[np.int64]


def words_in(texts: Texts) -> Words:
    """The words of all texts, in their order."""
    room = len(texts.data) + 1  # pages that are never written take no memory
    hashes, exact = np.empty(room, np.uint64), np.empty(room, np.uint64)
    bounds = np.zeros(len(texts.offsets), np.int64)
    _list(texts.data, texts.offsets, *tables(), hashes, exact, bounds)
    return Words(hashes[: bounds[-1]].copy(), exact[: bounds[-1]].copy(), bounds)


@compiled
def _list(data: Any, offsets: Any, kinds: Any, folds: Any, hashes: Any, exact: Any, bounds: Any) -> None:
    longest = 0
    for text in range(len(offsets) - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    begins, ends = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    for text in range(len(offsets) - 1):
        at = bounds[text]
        count = words_of(data, offsets[text], offsets[text + 1], kinds, folds, hashes[at:], exact[at:], begins, ends, 0)
        bounds[text + 1] = at + count
