"""Hashes of texts in Arrow buffers, compiled: names of rows, and the order in which they are chosen."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from smoltalk.decontamination.columns import buffers
from smoltalk.words.compiled import compiled, inlined
from smoltalk.words.scan import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ODD, _OTHER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_BYTE, _SHIFT, _HIGH = np.uint64(8), np.uint64(29), np.uint64(32)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def hashed(texts: "pa.Array | pa.ChunkedArray", seed: int | str = 0) -> "NDArray[np.uint64]":
    """A 64-bit hash of each text and the seed, evenly spread and the same everywhere. Null is like the empty text."""
    column = pa.chunked_array([texts]) if isinstance(texts, pa.Array) else texts
    start = _of_bytes(np.frombuffer(str(seed).encode("utf-8", "replace") + b"\0", np.uint8), np.uint64(len(str(seed))))
    parts = [np.zeros(0, np.uint64)]
    for chunk in column.chunks:
        data, offsets = buffers(chunk.fill_null("") if chunk.null_count else chunk)
        found = np.full(len(chunk), start, np.uint64)
        _each(data, offsets, found)
        parts.append(found)
    return np.concatenate(parts)


def hashed_rows(
    start: "NDArray[np.uint64]", rows: "NDArray[np.int64]", codes: "NDArray[np.int8]", contents: "pa.Array"
) -> "tuple[NDArray[np.uint64], NDArray[np.uint64]]":
    """Of each row with turns `rows[r]` to `rows[r + 1]`, and of each turn alone; a row's goes on from its `start`.

    `codes` are the speakers of turns, `contents` what they say, without nulls.
    """
    found, turns = start.copy(), np.zeros(len(codes), np.uint64)
    data, offsets = buffers(contents)
    _each_row(data, offsets, rows, codes, found, turns)
    return found, turns


def names(hashes: "NDArray[np.uint64]") -> "pa.Array":
    """16 hex digits each."""
    digits = np.empty(len(hashes) * 16, np.uint8)
    _write(hashes, _HEX, digits)
    offsets = np.arange(len(hashes) + 1, dtype=np.int32) * np.int32(16)
    return pa.Array.from_buffers(pa.string(), len(hashes), [None, pa.py_buffer(offsets), pa.py_buffer(digits)])


@inlined
def _stretch(data: Any, first: Any, last: Any, value: Any) -> Any:
    """Eight bytes at a time, each time a multiplication and a shift: the hash that `value` becomes."""
    at = np.uint64(first)
    stop = np.uint64(last)
    value = (value ^ (stop - at)) * _ODD
    while at + np.uint64(8) <= stop:
        word = np.uint64(data[at])
        for place in range(1, 8):
            word |= np.uint64(data[at + np.uint64(place)]) << np.uint64(8 * place)
        value = (value ^ word) * _OTHER
        value ^= value >> _HIGH
        at += np.uint64(8)
    word = np.uint64(0)
    while at < stop:
        word = (word << _BYTE) | np.uint64(data[at])
        at += np.uint64(1)
    value = (value ^ word) * _ODD
    return value ^ (value >> _SHIFT)


@compiled
def _of_bytes(data: Any, value: Any) -> Any:
    return mix(_stretch(data, 0, len(data), value))


@compiled
def _each(data: Any, offsets: Any, found: Any) -> None:
    for text in range(len(found)):
        found[text] = mix(_stretch(data, offsets[text], offsets[text + 1], found[text]))


@compiled
def _each_row(data: Any, offsets: Any, rows: Any, codes: Any, found: Any, turns: Any) -> None:
    for row in range(len(rows) - 1):
        value = found[row]
        for turn in range(rows[row], rows[row + 1]):
            own = _stretch(data, offsets[turn], offsets[turn + 1], np.uint64(codes[turn] + 9))
            turns[turn] = own
            value = (value ^ own) * _ODD
            value ^= value >> _SHIFT
        found[row] = mix(value)


@compiled
def _write(hashes: Any, digits: Any, into: Any) -> None:
    for row in range(len(hashes)):
        for place in range(16):
            into[row * 16 + place] = digits[(hashes[row] >> np.uint64(60 - 4 * place)) & np.uint64(15)]
