"""Rows that share most of their word n-grams with an earlier one: signatures, an index of them, and the check."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smoltalk.duplicates.sketch import BINS, LONGEST, Desk, band_keys, likeness, preferences, readonly, sketch_row
from smoltalk.words import texts_of
from smoltalk.words.compiled import compiled, inlined
from smoltalk.words.fold import tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.words import Texts

NO_TEXT = -2
"""Stands for the earlier row of a row that says nothing."""
KEEP_ALL = 2.0
"""A threshold that no row reaches: to remember another dataset whole."""

_RECALL = 0.95
"""Of the pairs that are just `threshold` alike, the share that the index must bring together."""
_MOST_BANDS, _WIDEST = 32, 16
_SELECTIVE = 4
"""Bins in a band from which unlike rows rarely share one; for it, as many bands as there are bins are taken."""
_ROWS = 1 << 12
"""Rows that room is made for at a time."""
_AHEAD = 16
"""Rows that are sketched before the first of them is looked up, so that what the table says of them is in reach."""
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_MOST_CHECKS = 2_000
"""Earlier rows that one row is compared with at most: the latest of those that share a band with it."""


class Found(NamedTuple):
    """For each row the earlier row it repeats, by its number among kept rows: -1 for a kept one, `NO_TEXT` for none."""

    earlier: "NDArray[np.int64]"
    similarity: "NDArray[np.float32]"
    """To the most similar kept row that was found, 0 when none was."""
    nearest: "NDArray[np.int64]"
    """The number of that row, -1 for none."""


def bands(threshold: float) -> tuple[int, int]:
    """Bands and bins a band: the widest that still bring together `_RECALL` of the pairs at the threshold."""
    for width in range(_WIDEST, 1, -1):
        together = min(threshold**width, _RECALL)
        needed = math.ceil(math.log1p(-_RECALL) / math.log1p(-together))
        if needed <= min(_MOST_BANDS if width != _SELECTIVE else BINS, BINS // width):
            return needed, width
    return _MOST_BANDS, 1


class NearIndex:
    """Rows kept so far. `add` takes rows in their order; the same rows in other portions give the same answers.

    Memory: 256 bytes of sketch, 4 for each band in a chain and 11 to 16 in a table: 0.62 to 0.74 KB a kept row at 0.7
    (24 bands), and 0.85 KB as measured for the whole process. The chance to miss a pair at the threshold is 5 % and
    falls fast above it; a pair that is found counts when its estimated similarity (standard error 0.03 at most) reaches
    the threshold.
    """

    def __init__(self, threshold: float, n: int = 3) -> None:
        if not (0 < threshold <= 1 and 0 < n <= LONGEST):
            raise ValueError(f"no index of threshold {threshold} and {n}-grams")
        self.threshold, self.n = threshold, n
        self.bands, self.width = bands(threshold)
        self.kept = 0
        self._order, self._rank = preferences()
        self._kinds, self._folds = tables()
        self._desk = Desk()
        self._keys = np.zeros((_AHEAD, self.bands), np.uint32)
        self._fresh, self._filled = np.zeros((_AHEAD, BINS), np.uint8), np.zeros(BINS, np.uint8)
        self._sketches = np.zeros((0, BINS), np.uint8)
        self._older = np.zeros((0, self.bands), np.int32)
        self._checked = np.zeros(0, np.int64)
        self._state = np.zeros(3, np.int64)  # rows looked up, keys in the table, the sum that `_touch` makes
        self._slots = np.zeros(1 << 10, np.uint64)
        self.add(texts_of([[]]))  # a row without text, so that machine code is there before the first real one
        _move(self._slots, self._slots)

    def add(self, texts: "Texts", first: int = 0, last: int | None = None, threshold: float | None = None) -> Found:
        """Judge rows `first` to `last` of `texts` and remember those that stay. Releases the GIL.

        `threshold` stands in for the index's own.
        """
        last = len(texts.rows) - 1 if last is None else last
        earlier = np.empty(last - first, np.int64)
        similarity, nearest = np.zeros(last - first, np.float32), np.full(last - first, -1, np.int64)
        bar = self.threshold if threshold is None else threshold
        for start in range(first, last, _ROWS):
            stop = min(start + _ROWS, last)
            self._make_room(stop - start)
            part = slice(start - first, stop - first)
            self.kept = self._add(texts, start, stop, bar, earlier[part], similarity[part], nearest[part])
        return Found(earlier, similarity, nearest)

    def _add(self, texts: "Texts", start: int, stop: int, bar: float, *out: Any) -> int:
        desk = self._desk
        return int(
            _add(
                readonly(texts.data), texts.offsets, texts.rows, start, stop, self.n, bar,
                self.kept, self.bands, self.width,
                self._kinds, self._folds, desk.hashes, desk.exact, desk.begins, desk.ends, desk.least,
                self._order, self._rank, self._filled, self._keys, self._fresh, self._sketches, self._older,
                self._checked, self._slots, self._state, *out,
            )
        )  # fmt: skip

    def _make_room(self, more: int) -> None:
        need = self.kept + more
        if need > len(self._sketches):
            size = max(need, len(self._sketches) * 5 // 4)
            # in place: the system moves the pages of large arrays instead of copying them
            self._sketches.resize((size, BINS), refcheck=False)
            self._older.resize((size, self.bands), refcheck=False)
            self._checked.resize(size, refcheck=False)
        keys = int(self._state[1]) + more * self.bands
        if keys > 0.75 * len(self._slots):
            slots = np.zeros(max(int(keys / 0.5), len(self._slots) * 3 // 2), np.uint64)
            _move(self._slots, slots)
            self._slots = slots


@compiled
def _add(
    data: Any, offsets: Any, rows: Any, start: int, stop: int, n: int, bar: float, kept: int, bands: int, width: int,
    kinds: Any, folds: Any, hashes: Any, exact: Any, begins: Any, ends: Any, least: Any,
    order: Any, rank: Any, filled: Any, keys: Any, fresh: Any, sketches: Any, older: Any,
    checked: Any, slots: Any, state: Any, earlier: Any, similarity: Any, nearest: Any,
) -> int:  # fmt: skip
    words = np.empty(len(keys), np.int64)
    for block in range(start, stop, len(keys)):
        many = min(len(keys), stop - block)
        for at in range(many):
            row = block + at
            words[at] = sketch_row(
                data, offsets, rows[row], rows[row + 1], n, kinds, folds, hashes, exact, begins, ends, least, fresh[at]
            )
            if words[at]:
                band_keys(fresh[at], bands, width, order, rank, filled, keys[at])
        state[2] += _touch(slots, keys, many)
        for at in range(many):
            if words[at] == 0:
                earlier[block + at - start] = NO_TEXT
                continue
            state[0] += 1
            best, most = _nearest(fresh[at], keys[at], sketches, older, checked, state[0], slots)
            similarity[block + at - start], nearest[block + at - start] = most, best
            if best >= 0 and most >= bar - 1e-9:
                earlier[block + at - start] = best
                continue
            earlier[block + at - start] = -1
            sketches[kept] = fresh[at]
            state[1] += _remember(kept, keys[at], older, slots)
            kept += 1
    return kept


@compiled
def _touch(slots: Any, keys: Any, many: int) -> Any:
    """Load every slot that is about to be looked at: misses that do not wait for each other."""
    total, size = np.uint64(0), np.uint64(len(slots))
    for at in range(many):
        for band in range(keys.shape[1]):
            total ^= slots[np.int64((np.uint64(keys[at, band]) * size) >> _HALF)]
    return np.int64(total & np.uint64(1))


@inlined
def _slot(slots: Any, tag: Any) -> Any:
    """Where a key stands, or the free place where it belongs; the table is never full."""
    place: Any = np.int64((np.uint64(tag) * np.uint64(len(slots))) >> _HALF)
    while slots[place] != 0 and (slots[place] >> _HALF) != np.uint64(tag):
        place += 1
        if place == len(slots):
            place = 0
    return place


@compiled
def _nearest(mine: Any, keys: Any, sketches: Any, older: Any, checked: Any, mark: int, slots: Any) -> Any:
    """The most similar row of those that share a band; of equals, the earliest."""
    best, most, left = np.int64(-1), 0.0, _MOST_CHECKS
    for band in range(len(keys)):
        slot = slots[_slot(slots, keys[band])]
        if slot == 0:
            continue
        other = np.int64(slot & _LOW)
        while other >= 0 and left > 0:
            if checked[other] != mark:
                checked[other] = mark
                left -= 1
                same = likeness(mine, sketches[other])
                if same > most or (same == most and other < best):
                    best, most = other, same
            other = np.int64(older[other, band])
        if most >= 1.0 or left <= 0:
            break
    return best, most


@compiled
def _remember(row: Any, keys: Any, older: Any, slots: Any) -> int:
    """Put a row at the head of its bands' chains; returns how many keys are new."""
    new = 0
    for band in range(len(keys)):
        place = _slot(slots, keys[band])
        older[row, band] = np.int64(slots[place] & _LOW) if slots[place] else -1
        new += slots[place] == 0
        slots[place] = (np.uint64(keys[band]) << _HALF) | np.uint64(row)
    return new


@compiled
def _move(slots: Any, larger: Any) -> None:
    for place in range(len(slots)):
        if slots[place]:
            to = _slot(larger, np.uint32(slots[place] >> _HALF))
            larger[to] = slots[place]
