"""UTF-8 bytes to hashes of words, compiled: one pass, no strings made."""

from typing import Any

import numpy as np

from smoltalk.words.compiled import compiled, inlined
from smoltalk.words.escape import escaped
from smoltalk.words.fold import ALONE, APOSTROPHE, BACKSLASH, DIGIT, GAP, LETTER, NOTHING, SIZE, WIDTH

NUMBER = np.uint64(0x9AE16A3B2F90404F)
"""The hash of every number; what it says is in `exact`."""
BREAK = np.uint64(0)
"""Stands between two texts of a row: no word has this hash."""

_START = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_SHIFT = np.uint64(33)
_MIX_A, _MIX_B = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)

_ONE, _BYTES = np.uint64(1), np.uint64(SIZE)

DIGITS_KEPT = np.uint64(48)
"""A number's `exact` shifted by this much is what a fingerprint keeps of its digits: 16 bits, never 0."""
_NEVER_ZERO = np.uint64(1 << 48)

_FREE, _IN_WORD, _IN_NUMBER = 0, 1, 2


@inlined
def mix(value: Any) -> Any:
    """The finaliser of MurmurHash3 (Appleby 2011): every bit of a 64-bit value counts."""
    value = (value ^ (value >> _SHIFT)) * _MIX_A
    value = (value ^ (value >> _SHIFT)) * _MIX_B
    return value ^ (value >> _SHIFT)


@compiled
def words_of(
    data: Any, first: int, last: int, kinds: Any, folds: Any,
    hashes: Any, exact: Any, begins: Any, ends: Any, before: int,
) -> int:  # fmt: skip
    """Append the words of `data[first:last]` (UTF-8) to the four arrays from `before` on; returns the new count.

    `hashes` are FNV-1a (Fowler, Noll, Vo 1991) over folded characters, then mixed. `exact` is 0 for a word, and for a
    run of numbers the hash of its digits, never 0, nor are its upper 16 bits. `begins` and `ends` are byte offsets. The
    arrays need room for `last - first` more entries.
    """
    state, value, begin, end, count = _FREE, _START, 0, 0, np.uint64(before)
    at: Any = first
    stop = np.uint64(last)
    while at < last:
        here = at
        byte = data[at]
        if byte < 128:
            at += 1
            kind = kinds[byte]
            if kind == LETTER:
                if state != _IN_WORD:
                    count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
                    state, value, begin = _IN_WORD, _START, here
                value = (value ^ np.uint64(byte | 0x20)) * _PRIME
                kind, unsigned = LETTER, np.uint64(at)  # numba looks whether a signed index counts from the end
                while unsigned < stop:  # most of a text: the rest of an ASCII word
                    byte = data[unsigned]
                    kind = kinds[_BYTES + np.uint64(byte)]
                    if kind != LETTER:
                        break
                    value = (value ^ np.uint64(byte | 0x20)) * _PRIME
                    unsigned += _ONE
                at = np.int64(unsigned)
                end = at
                if kind == GAP:
                    hashes[count], exact[count], begins[count], ends[count] = mix(value), 0, begin, end
                    count, state, at = count + _ONE, _FREE, at + 1
            elif kind == DIGIT:
                if state != _IN_NUMBER:
                    count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
                    state, value, begin = _IN_NUMBER, _START, here
                value = (value ^ np.uint64(byte)) * _PRIME
                end = at
            elif state == _IN_WORD and not (kind == APOSTROPHE and at < last and _is_letter(data[at])):
                count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
                state = _FREE
                if kind == BACKSLASH:
                    at += escaped(data, at, last)
            elif kind == BACKSLASH:
                at += escaped(data, at, last)
            continue
        if byte < 0xE0:
            code = (np.uint32(byte & 0x1F) << 6) | np.uint32(data[at + 1] & 0x3F if at + 1 < last else 0)
            at += 2
        elif byte < 0xF0:
            code = np.uint32(0)
            if at + 2 < last:
                code = (
                    (np.uint32(byte & 0x0F) << 12)
                    | (np.uint32(data[at + 1] & 0x3F) << 6)
                    | np.uint32(data[at + 2] & 0x3F)
                )
            at += 3
        else:
            code = np.uint32(0)
            if at + 3 < last:
                code = (
                    (np.uint32(byte & 0x07) << 18)
                    | (np.uint32(data[at + 1] & 0x3F) << 12)
                    | (np.uint32(data[at + 2] & 0x3F) << 6)
                    | np.uint32(data[at + 3] & 0x3F)
                )
            at += 4
        if code >= SIZE:
            if code >= 0x40000:
                continue
            kind = ALONE
        else:
            kind = kinds[code]
        if kind == NOTHING:
            continue
        if kind == ALONE:
            count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
            hashes[count], exact[count] = mix((_START ^ np.uint64(code)) * _PRIME), 0
            begins[count], ends[count] = here, at
            count, state = count + _ONE, _FREE
            continue
        place = code * WIDTH
        for number in range(WIDTH):
            character = folds[place + number]
            if character == 0:
                break
            kind = kinds[character]
            if kind == LETTER:
                if state != _IN_WORD:
                    count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
                    state, value, begin = _IN_WORD, _START, here
                value = (value ^ np.uint64(character)) * _PRIME
                end = at
            elif kind == DIGIT:
                if state != _IN_NUMBER:
                    count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
                    state, value, begin = _IN_NUMBER, _START, here
                value = (value ^ np.uint64(character)) * _PRIME
                end = at
            elif kind == APOSTROPHE and state == _IN_WORD and at < last and _is_letter(data[at]):
                continue
            elif state == _IN_WORD:  # a number goes on past a gap
                count = _close(state, value, begin, end, hashes, exact, begins, ends, count)
                state = _FREE
    return int(_close(state, value, begin, end, hashes, exact, begins, ends, count))


@inlined
def _is_letter(byte: Any) -> Any:
    return 97 <= (byte | 0x20) <= 122


@inlined
def _close(
    state: Any, value: Any, begin: Any, end: Any, hashes: Any, exact: Any, begins: Any, ends: Any, count: Any
) -> Any:
    if state == _FREE:
        return count
    mixed = mix(value)
    if state == _IN_WORD:
        hashes[count], exact[count] = mixed, 0
    else:
        hashes[count], exact[count] = NUMBER, mixed | _NEVER_ZERO
    begins[count], ends[count] = begin, end
    return count + _ONE
