"""Rows that equal an earlier one but for case, white space and Unicode form."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from smoltalk.duplicates.near import NO_TEXT, Found
from smoltalk.duplicates.simple import NOT_SIMPLE, SIZE, SPACE, WIDTH, table
from smoltalk.duplicates.sketch import readonly
from smoltalk.text import normalise
from smoltalk.words import texts_of
from smoltalk.words.compiled import compiled, inlined
from smoltalk.words.scan import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.words import Texts

_START, _OTHER = np.uint64(0xCBF29CE484222325), np.uint64(0x84222325CBF29CE4)
_PRIME, _ODD = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)
_END = 256
"""Stands after each text of a row; no byte is like it."""
_ROWS = 1 << 12
_FOREIGN = np.int8(2)
_BROKEN = 0x110000


class ExactIndex:
    """Digests of the rows kept so far, 128 bits each. `add` takes rows in their order.

    Memory: 16 bytes of digest and 5 to 8 in a table, at most 24 bytes a kept row.
    """

    def __init__(self) -> None:
        self.kept = 0
        self._digests = np.zeros((0, 2), np.uint64)
        self._slots = np.zeros(1 << 10, np.int32)
        self.add(texts_of([[]]))  # a row without text, so that machine code is there before the first real one
        _fill(self._digests, 0, self._slots)

    def add(self, texts: "Texts", first: int = 0, last: int | None = None) -> Found:
        """Judge rows `first` to `last` of `texts`, a similarity of 1 or 0, and remember those that stay.

        A row of no texts stays; an empty text is one like any other.
        """
        last = len(texts.rows) - 1 if last is None else last
        earlier = np.empty(last - first, np.int64)
        for start in range(first, last, _ROWS):
            stop = min(start + _ROWS, last)
            self._make_room(stop - start)
            found = digests(texts, start, stop)
            part = earlier[start - first : stop - first]
            self.kept = int(_add(found, self.kept, self._digests, self._slots, part))
        return Found(earlier, (earlier >= 0).astype(np.float32), np.maximum(earlier, -1))

    def _make_room(self, more: int) -> None:
        need = self.kept + more
        if need > len(self._digests):
            self._digests.resize((max(need, len(self._digests) * 5 // 4), 2), refcheck=False)
        if need > 0.75 * len(self._slots):
            slots = np.zeros(max(int(need / 0.5), len(self._slots) * 3 // 2), np.int32)
            _fill(self._digests, self.kept, slots)
            self._slots = slots


def digests(texts: "Texts", first: int, last: int) -> "NDArray[np.uint64]":
    """Two hashes of each row's texts, normalised and one after the other: `(rows, 2)`; zeros where there is no text.

    Most texts are normalised as they are hashed, character by character; those with marks that join with what stands
    before them by `smoltalk.text.normalise`.
    """
    found = np.zeros((last - first, 2), np.uint64)
    kinds = np.zeros(last - first, np.int8)
    _digest(readonly(texts.data), texts.offsets, texts.rows, first, last, *table(), found, kinds)
    foreign = np.flatnonzero(kinds == _FOREIGN)
    if len(foreign):
        mended = texts_of(_normalised(texts, (foreign + first).tolist()))
        some = np.zeros((len(foreign), 2), np.uint64)
        done = np.full(len(foreign), -1, np.int8)
        _digest(readonly(mended.data), mended.offsets, mended.rows, 0, len(foreign), *table(), some, done)
        found[foreign] = some
    return found


def _normalised(texts: "Texts", rows: Iterable[int]) -> list[Sequence[str]]:
    def one(text: int) -> str:
        return normalise(texts.data[texts.offsets[text] : texts.offsets[text + 1]].tobytes().decode("utf-8", "replace"))

    return [[one(text) for text in range(texts.rows[row], texts.rows[row + 1])] for row in rows]


@compiled
def _digest(
    data: Any, offsets: Any, rows: Any, first: int, last: int, lengths: Any, into: Any, found: Any, kinds: Any
) -> None:  # fmt: skip
    """Hashes of rows; one with a character that is not simple is left at zeros and marked.

    A row of kind -1 is normalised already.
    """
    for row in range(first, last):
        one, two = _START, _OTHER
        simple = True
        for text in range(rows[row], rows[row + 1]):
            waiting, begun, skip = False, False, np.int64(0)
            for place in range(offsets[text], offsets[text + 1]):
                byte = data[place]
                if place < skip:
                    continue
                if byte >= 128 and kinds[row - first] >= 0:
                    code, skip = _code_point(data, place, offsets[text + 1])
                    length = lengths[code] if code < SIZE else np.uint8(3 if _stays_same(code) else NOT_SIMPLE)
                    if length == NOT_SIMPLE:
                        simple = False
                        break
                    if length == SPACE:
                        waiting = begun
                        continue
                    if waiting:
                        one, two = _mixed_in(one, two, np.uint64(32))
                    if code < SIZE:
                        for at in range(code * WIDTH, code * WIDTH + length):
                            one, two = _mixed_in(one, two, np.uint64(into[at]))
                    else:
                        for at in range(place, skip):
                            one, two = _mixed_in(one, two, np.uint64(data[at]))
                    waiting, begun = False, True
                    continue
                if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31:
                    waiting = begun
                    continue
                if waiting:
                    one, two = _mixed_in(one, two, np.uint64(32))
                if 65 <= byte <= 90:
                    byte |= np.uint8(32)
                one, two = _mixed_in(one, two, np.uint64(byte))
                waiting, begun = False, True
            one, two = _mixed_in(one, two, np.uint64(_END))
        if not simple:
            kinds[row - first] = _FOREIGN
        elif rows[row + 1] > rows[row]:
            found[row - first, 0], found[row - first, 1] = mix(one), mix(two) | np.uint64(1)


@inlined
def _code_point(data: Any, at: Any, stop: Any) -> Any:
    """The character at a byte past ASCII, and where the next one begins; one that is no simple one for broken UTF-8."""
    byte = np.int64(data[at])
    more = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
    code = byte & (0x3F >> more)
    if byte < 0xC2 or byte > 0xF4 or at + more >= stop:
        return np.int64(_BROKEN), at + 1
    for place in range(at + 1, at + 1 + more):
        if data[place] & 0xC0 != 0x80:
            return np.int64(_BROKEN), at + 1
        code = (code << 6) | np.int64(data[place] & 0x3F)
    return code, at + 1 + more


@inlined
def _stays_same(code: Any) -> Any:
    return 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or 0x1F300 <= code <= 0x1FAFF


@inlined
def _mixed_in(one: Any, two: Any, byte: Any) -> Any:
    """FNV-1a (Fowler, Noll and Vo 1991), and beside it a polynomial with a shift: 128 bits of two unlike hashes."""
    two = (two + byte + np.uint64(1)) * _ODD
    return (one ^ byte) * _PRIME, two ^ (two >> np.uint64(29))


@compiled
def _add(found: Any, kept: Any, digests: Any, slots: Any, earlier: Any) -> Any:
    for row in range(len(found)):
        if found[row, 1] == 0:
            earlier[row] = NO_TEXT
            continue
        place = _slot(slots, digests, found[row, 0], found[row, 1])
        if slots[place]:
            earlier[row] = slots[place] - 1
            continue
        earlier[row] = -1
        digests[kept, 0], digests[kept, 1] = found[row, 0], found[row, 1]
        kept += 1
        slots[place] = kept
    return kept


@inlined
def _slot(slots: Any, digests: Any, one: Any, two: Any) -> Any:
    """Where a digest stands, or the free place where it belongs; the table is never full."""
    place: Any = np.int64(((one >> np.uint64(32)) * np.uint64(len(slots))) >> np.uint64(32))
    while slots[place]:
        other = slots[place] - 1
        if digests[other, 0] == one and digests[other, 1] == two:
            break
        place += 1
        if place == len(slots):
            place = 0
    return place


@compiled
def _fill(digests: Any, kept: int, slots: Any) -> None:
    for row in range(kept):
        place = _slot(slots, digests, digests[row, 0], digests[row, 1])
        slots[place] = row + 1
