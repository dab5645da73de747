"""A row's texts as 256 bytes whose equality, byte by byte, estimates how alike two rows are; compiled."""

from typing import TYPE_CHECKING, Any

import numpy as np

from smoltalk.words.compiled import compiled
from smoltalk.words.scan import NUMBER, mix, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 256
"""Bytes in a sketch. The estimate's standard error is at most 0.5 / sqrt(BINS) = 0.031."""
LONGEST = 32
"""Words in a shingle at most."""

NUMBERS_COUNT = 3
"""Times that a shingle with a number in it counts: two sums with other numbers are two sums."""

_CHUNK = 1 << 14
"""Bytes of a text whose words are held at a time, so that a row of any size takes the same memory."""
_NONE = np.uint32(0xFFFFFFFF)
_EDGE = np.uint64(0x9E3779B97F4A7C14)
"""Stands before the first word and after the last one."""
_ODD = np.uint64(1)
"""The last bit of a number's hash; that of a word is even."""
_STEP = np.uint64(0xD1342543DE82EF95)
_START, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def readonly(data: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """The same bytes as compiled code knows them: what can be written to is another type to it."""
    view = data.view()
    view.flags.writeable = False
    return view


class Desk:
    """Scratch memory of one thread; nothing in it outlives a call."""

    def __init__(self) -> None:
        room = _CHUNK + 2 * LONGEST
        self.hashes = np.empty(room, np.uint64)
        self.exact = np.empty(room, np.uint64)
        self.begins, self.ends = np.empty(room, np.int64), np.empty(room, np.int64)
        self.least = np.empty(BINS, np.uint32)


@compiled
def sketch_row(
    data: Any, offsets: Any, first: int, last: int, n: int, kinds: Any, folds: Any,
    hashes: Any, exact: Any, begins: Any, ends: Any, least: Any, out: Any,
) -> int:  # fmt: skip
    """Write the sketch of texts `first` to `last`, read as one, to `out`; returns its words, 0 when there are none.

    One-permutation hashing (Li, Owen and Zhang 2012): each shingle of `n` words falls into one bin, which keeps its
    least; of that one byte, as in b-bit minwise hashing (Li and König 2010). 0 is an empty bin. The ends of the text
    are words too, so that its first and last words count as much as those between. Texts without a word are read byte
    by byte, white space left out.
    """
    least[:] = _NONE
    held, total = n - 1, 0
    for place in range(held):
        hashes[place] = _EDGE
    for text in range(first, last):
        at, stop = offsets[text], offsets[text + 1]
        while at < stop:
            end = _cut(data, at, stop)
            count = words_of(data, at, end, kinds, folds, hashes, exact, begins, ends, held)
            for place in range(held, count):
                if hashes[place] == NUMBER:
                    hashes[place] = _digits(data, begins[place], ends[place]) | _ODD
                else:
                    hashes[place] &= ~_ODD
            total += count - held
            held = _shingles(hashes, count, n, least)
            at = end
    if total == 0:
        total, held = _marks(data, offsets, first, last, n, hashes, least)
        if total == 0:
            return 0
    for place in range(held, held + n - 1):
        hashes[place] = _EDGE
    _shingles(hashes, held + n - 1, n, least)
    for place in range(BINS):
        value = least[place]
        out[place] = 0 if value == _NONE else 1 + (((value & np.uint32(0xFFFF)) * np.uint32(255)) >> np.uint32(16))
    return total


@compiled
def _shingles(hashes: Any, count: int, n: int, least: Any) -> int:
    """Put every run of `n` of the first `count` hashes into its bin, and keep the last `n - 1` for what follows."""
    for place in range(count - n + 1):
        value, numbers = hashes[place], hashes[place] & _ODD
        for step in range(1, n):
            value = value * _STEP + hashes[place + step]
            numbers |= hashes[place + step] & _ODD
        for _ in range(NUMBERS_COUNT if numbers else 1):
            value = mix(value)
            low = np.uint32(value)
            where = np.int64(value >> np.uint64(56))
            if low < least[where]:
                least[where] = low
    kept = n - 1
    for place in range(kept):
        hashes[place] = hashes[count - kept + place]
    return kept


@compiled
def _cut(data: Any, at: int, stop: int) -> int:
    """Where to stop reading for now: after a space, or else between two characters."""
    if stop - at <= _CHUNK:
        return stop
    for end in range(at + _CHUNK, at + _CHUNK - 512, -1):
        if data[end - 1] == 32 or data[end - 1] == 10:
            return end
    end = at + _CHUNK
    while end > at + 1 and data[end] & 0xC0 == 0x80:
        end -= 1
    return end


@compiled
def _digits(data: Any, begin: int, end: int) -> Any:
    """The hash of a run of numbers with the signs between them; commas and white space do not count."""
    value = _START
    for place in range(begin, end):
        byte = data[place]
        if byte > 32 and byte != 44:
            value = (value ^ np.uint64(byte)) * _PRIME
    return mix(value ^ _EDGE)


@compiled
def _marks(data: Any, offsets: Any, first: int, last: int, n: int, hashes: Any, least: Any) -> Any:
    """Each byte as a word: for texts of nothing but marks. Returns how many there are, and how many hashes are held."""
    held, total = n - 1, 0
    for place in range(offsets[first], offsets[last]):
        if data[place] > 32:
            hashes[held] = mix(np.uint64(data[place]) + _STEP) & ~_ODD
            held, total = held + 1, total + 1
            if held >= _CHUNK:
                held = _shingles(hashes, held, n, least)
    return total, held


def preferences() -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """For each bin, all bins in the order in which it looks at them when it is empty, and each bin's place in that.

    Optimal densification (Shrivastava 2017): two rows whose bin is empty borrow alike as often as they are alike.
    """
    random = np.random.Generator(np.random.PCG64(1))
    order = np.argsort(random.random((BINS, BINS)), axis=1, kind="stable").astype(np.uint8)
    rank = np.argsort(order, axis=1, kind="stable").astype(np.uint8)
    return order, rank


@compiled
def band_keys(sketch: Any, bands: int, width: int, order: Any, rank: Any, filled: Any, out: Any) -> None:
    """32 bits for each band of `width` bins; equal for two rows as often as likeness ** width. No key is 0.

    `filled` is scratch of `BINS` bytes.
    """
    count = 0
    for place in range(BINS):
        if sketch[place]:
            filled[count] = place
            count += 1
    for band in range(bands):
        key = np.uint64(band + 1) * _EDGE
        for place in range(band * width, (band + 1) * width):
            source = place
            if sketch[place] == 0:
                if count < 16:
                    source = filled[0]
                    for at in range(1, count):
                        if rank[place, filled[at]] < rank[place, source]:
                            source = filled[at]
                else:
                    at = 0
                    while sketch[order[place, at]] == 0:
                        at += 1
                    source = order[place, at]
            key = (key ^ np.uint64(sketch[source])) * _STEP
        short = np.uint32(mix(key) >> np.uint64(32))
        out[band] = short if short else np.uint32(1)


@compiled
def likeness(mine: Any, other: Any) -> float:
    """The estimated Jaccard similarity of two rows' shingles: equal bins among those that are not empty in both."""
    same, either = np.int32(0), np.int32(0)
    for place in range(BINS):
        a, b = mine[place], other[place]
        some = (a | b) != 0
        either += some
        same += some and a == b
    return same / either if either else 0.0
