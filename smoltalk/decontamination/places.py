"""Where a row stands in its file: the line of JSON Lines, the row of Parquet or of a dataset on the Hub, from 1."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

Places = Callable[[Sequence[int]], list[int]]
"""From rows of a block, by their number there, to their places in the file."""
_STRETCH = 4_000_000
"""Bytes of a file whose lines are counted at a time; how many there are is remembered."""
_BLANK = " \t\r\n"


def one_by_one(first: int) -> Places:
    """Of rows that follow each other, the first of them being number `first` of the file."""
    return lambda rows: [first + row for row in rows]


class Lines:
    """The lines of a file, counted only as far as someone asks. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._before = [0]
        """Lines that end before each stretch."""

    def places(self, begin: int, end: int, count: int) -> Places:
        """Of the `count` rows in the bytes `begin` to `end`, all of which were read."""

        def of(rows: Sequence[int]) -> list[int]:
            with self._path.open("rb") as stream:
                stream.seek(begin)
                lines = lines_of(stream.read(end - begin), count)
            return self.listed(begin, lines)(rows)

        return of

    def listed(self, begin: int, lines: Sequence[int]) -> Places:
        """Of rows that stand in these lines, counted from 0 at byte `begin`."""

        def of(rows: Sequence[int]) -> list[int]:
            first = self.first(begin)
            return [first + lines[row] for row in rows]

        return of

    def first(self, byte: int) -> int:
        """The line that begins at a byte, from 1."""
        return self._ends_before(byte) + 1

    def _ends_before(self, byte: int) -> int:
        whole, rest = divmod(byte, _STRETCH)
        with self._lock, self._path.open("rb") as stream:
            stream.seek((len(self._before) - 1) * _STRETCH)
            while len(self._before) <= whole:
                self._before.append(self._before[-1] + stream.read(_STRETCH).count(b"\n"))
            stream.seek(whole * _STRETCH)
            return self._before[whole] + stream.read(rest).count(b"\n")


def lines_of(data: bytes, count: int) -> list[int]:
    """The line, from 0, in which each of `count` JSON objects begins: each has its own, or they stand as they like."""
    said = [number for number, line in enumerate(data.split(b"\n")) if line.strip()]
    if len(said) == count:
        return said
    text, decoder, at = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1"), json.JSONDecoder(), 0
    found: list[int] = []
    line = counted = 0
    while (at := _next(text, at)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        found.append(line)
        at = decoder.raw_decode(text, at)[1]
    return found


def _next(text: str, at: int) -> int:
    """The first character from `at` on that is not blank."""
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at
