"""One compiled pass over the turns of a batch: their words, and the tell-tale phrases of those that count."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smoltalk.duplicates.sketch import readonly
from smoltalk.reporting.tells import CLOSE, CLOSING, MARKS, OPENING, Told, empty, marks, table
from smoltalk.words.compiled import compiled
from smoltalk.words.fold import tables
from smoltalk.words.scan import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scanned(NamedTuple):
    """What one pass found."""

    words: "NDArray[np.int64]"
    """Of each text."""
    told: Told
    examples: "NDArray[np.int64]"
    """`(tells, 3)`: of the first hit of each tell its text, first byte and byte after the last; -1 where none is."""


def scan_turns(
    data: "NDArray[np.uint8]", offsets: "NDArray[np.int64]", rows: "NDArray[np.int64]", counts: "NDArray[np.bool_]"
) -> Scanned:
    """Scan texts `data[offsets[t]:offsets[t + 1]]`, each of row `rows[t]`, rows in order.

    Phrases are looked for in those where `counts` is set. Releases the GIL.
    """
    texts = len(offsets) - 1
    words, told = np.zeros(texts, np.int64), empty()
    examples = np.full((len(told.rows), 3), -1, np.int64)
    longest = int(np.max(np.diff(offsets), initial=0)) + 1
    hashes, exact = np.empty(longest, np.uint64), np.empty(longest, np.uint64)
    begins, ends = np.empty(longest, np.int64), np.empty(longest, np.int64)
    last = np.full(len(told.rows), -1, np.int64)
    _scan(
        readonly(data), offsets, rows, counts, *tables(), *table(), marks(),
        hashes, exact, begins, ends, last, words, told.times, told.rows, examples,
    )  # fmt: skip
    return Scanned(words, told, examples)


@compiled
def _scan(
    data: Any, offsets: Any, rows: Any, counts: Any, kinds: Any, folds: Any,
    forms: Any, starts: Any, tells: Any, places: Any, keys: Any, firsts: Any, lasts: Any, marked: Any,
    hashes: Any, exact: Any, begins: Any, ends: Any, last: Any, words: Any, times: Any, in_rows: Any, examples: Any,
) -> None:  # fmt: skip
    mask = np.uint64(len(keys) - 1)
    found = np.zeros(len(marked), np.int64)
    for text in range(len(offsets) - 1):
        count = words_of(data, offsets[text], offsets[text + 1], kinds, folds, hashes, exact, begins, ends, 0)
        words[text] = count
        if not counts[text]:
            continue
        for at in range(count):
            slot = np.int64(hashes[at] & mask)
            while keys[slot] != 0 and keys[slot] != hashes[at]:
                slot = np.int64(np.uint64(slot + 1) & mask)
            if keys[slot] == 0:
                continue
            for form in range(firsts[slot], lasts[slot]):
                size = starts[form + 1] - starts[form]
                if at + size > count:
                    continue
                if places[form] == OPENING and at > 0:
                    continue
                if places[form] == CLOSING and at + CLOSE < count:
                    continue
                same = True
                for step in range(1, size):
                    if hashes[at + step] != forms[starts[form] + step]:
                        same = False
                        break
                if same:
                    tell = tells[form]
                    times[tell] += 1
                    if last[tell] != rows[text]:
                        last[tell] = rows[text]
                        in_rows[tell] += 1
                    if examples[tell, 0] < 0:
                        examples[tell, 0], examples[tell, 1] = text, begins[at]
                        examples[tell, 2] = ends[at + size - 1]
        found[:] = 0
        _marks(data, offsets[text], offsets[text + 1], found)
        for mark in range(len(marked)):
            tell = marked[mark]
            if tell < 0 or not found[mark]:
                continue
            times[tell] += found[mark]
            if last[tell] != rows[text]:
                last[tell] = rows[text]
                in_rows[tell] += 1


@compiled
def _marks(data: Any, first: int, stop: int, found: Any) -> None:
    """Count em dashes, exclamation marks, bold spans, lines that begin as a list or a heading do, and emoji."""
    starred = 0
    begins_line = True
    at = first
    while at < stop:
        byte = data[at]
        if begins_line and byte != 32:
            begins_line = False
            after = data[at + 1] if at + 1 < stop else np.uint8(0)
            if (byte == 45 or byte == 42 or byte == 43) and after == 32:
                found[3] += 1
            elif 48 <= byte <= 57:
                end = at + 1
                while end < stop and end < at + 3 and 48 <= data[end] <= 57:
                    end += 1
                if end + 1 < stop and (data[end] == 46 or data[end] == 41) and data[end + 1] == 32:
                    found[3] += 1
            elif byte == 35:
                end = at
                while end < stop and data[end] == 35:
                    end += 1
                if end < stop and data[end] == 32 and end - at <= 6:
                    found[4] += 1
        if byte == 10:
            begins_line = True
        elif byte == 33:
            found[1] += 1
        elif byte == 42 and at + 1 < stop and data[at + 1] == 42:
            starred += 1
            at += 1
        elif byte == 0xE2 and at + 2 < stop:
            if data[at + 1] == 0x80 and data[at + 2] == 0x94:
                found[0] += 1
            elif (data[at + 1] == 0x9C or data[at + 1] == 0x9D) and data[at + 2] >= 0x80:
                found[5] += 1
        elif byte == 0xF0 and at + 1 < stop and data[at + 1] == 0x9F:
            found[5] += 1
        at += 1
    found[2] += starred // 2


assert len(MARKS) == 6  # `_marks` counts them by place
