"""The n-grams that lead to candidates, as one hash table behind a filter: laid out for few cache misses a look."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smoltalk.words.compiled import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

IS_RUN, LAST = 1, 2
"""What a posting can say of itself: its unit is looked for word for word; it is the last of its n-gram."""

_POST = np.dtype([("unit", "i4"), ("at", "i4"), ("says", "i4"), ("one", "f4"), ("two", "f4"), ("three", "f4")])
_FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SIX = np.uint64(63)


class Table(NamedTuple):
    """Of n-grams, each the low 32 bits of a hash, which units they are of."""

    sieve: "NDArray[np.uint64]"
    """A Bloom filter of one word a look (Putze, Sanders, Singler 2007): three bits of 64."""
    cells: "NDArray[np.uint64]"
    """Open addressing: the n-gram in the upper half, its first posting in the lower."""
    posts: "NDArray[np.void]"
    """`unit`, the place `at` of the n-gram in it, what it `says`, and the weights of its three words."""


def table_of(
    grams: "NDArray[np.uint32]", units: "NDArray[np.int64]", ats: "NDArray[np.int64]", runs: "NDArray[np.bool_]",
    weights: "NDArray[np.float64]",
) -> Table:  # fmt: skip
    """A table of postings: n-gram, unit, place in it, whether the unit is a run, and (postings, 3) weights."""
    order = np.argsort(grams, kind="stable")
    grams = grams[order]
    posts = np.zeros(len(order), _POST)
    posts["unit"], posts["at"] = units[order], ats[order]
    posts["one"], posts["two"], posts["three"] = weights[order].T
    last = np.append(grams[1:] != grams[:-1], True)[: len(grams)]
    posts["says"] = np.where(runs[order], IS_RUN, 0) | np.where(last, LAST, 0)
    starts = np.flatnonzero(np.append(True, last[:-1])[: len(grams)])
    cells = np.full(1 << max(4, int(1.25 * len(starts)).bit_length()), _FREE)
    sieve = np.zeros(1 << max(4, int(len(starts) // 6).bit_length()), np.uint64)
    _fill(sieve, cells, grams, starts)
    return Table(sieve, cells, posts)


@compiled
def _fill(sieve: Any, cells: Any, grams: Any, starts: Any) -> None:
    mask, last = np.uint64(len(cells) - 1), np.uint64(len(sieve) - 1)
    for number in range(len(starts)):
        low = np.uint64(grams[starts[number]])
        word, wanted = look(low)
        sieve[word & last] |= wanted
        at = low & mask
        while cells[at] != _FREE:
            at = (at + np.uint64(1)) & mask
        cells[at] = (low << _HALF) | np.uint64(starts[number])


@inlined
def look(low: Any) -> Any:
    """Which word of the filter, before masking, and which of its bits speak for an n-gram."""
    wide, one = low * _SPREAD, np.uint64(1)
    first, second, third = wide >> np.uint64(34), wide >> np.uint64(28), wide >> np.uint64(22)
    return wide >> np.uint64(40), (one << (first & _SIX)) | (one << (second & _SIX)) | (one << (third & _SIX))


@inlined
def find(cells: Any, low: Any) -> Any:
    """The first posting of an n-gram, or -1."""
    mask = np.uint64(len(cells) - 1)
    at = low & mask
    cell = cells[at]
    while cell != _FREE and cell >> _HALF != low:
        at = (at + np.uint64(1)) & mask
        cell = cells[at]
    return np.int64(-1) if cell == _FREE else np.int64(cell & _LOW)
