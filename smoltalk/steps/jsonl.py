"""Rows from JSON Lines: one file, or a folder of them in the order of their names."""

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

import orjson
from pydantic import Field

from smoltalk import records
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.sources import RecordFiles

_HEAD = 100
"""Lines that are looked at to learn the columns and what they hold."""


class _Head(NamedTuple):
    columns: list[str]
    kinds: dict[str, str]


class Jsonl(RecordFiles):
    """One row a line. A line that is no row fails with its place in the file, and the rest goes on.

    The columns are those of the first 100 lines; one that a line lacks is null. Conversations come as `messages`
    (`role`, `content`) or as ShareGPT's `conversations` (`from`, `value`). Memory does not grow with the file.
    """

    ending: ClassVar[str] = ".jsonl"

    max_line: int = Field(default=8_000_000, gt=0)
    """Bytes in a line; a longer one fails."""

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        """One row a line, from the line of that number on."""
        for place, line in islice(self._lines(), start, self.limit):
            try:
                yield self._row(_record(line))
            except records.RecordError as reason:
                yield RowFailed("unreadable", f"{place} {reason}")

    def _row(self, record: object) -> Row:
        return records.to_row(record, self._columns, self._head.kinds, promised=self.columns is not None)

    def _lines(self) -> Iterator[tuple[str, bytes | None]]:
        """Every line with its place; None for one that is too long to be held."""
        for file in self._files:
            with file.open("rb") as stream:
                number = 0
                while line := stream.readline(self.max_line + 1):
                    number += 1
                    whole = len(line) <= self.max_line or line.endswith(b"\n")
                    while not line.endswith(b"\n") and (line_end := stream.readline(1 << 16)):
                        line = line_end
                    yield f"{file.name}:{number}", line if whole else None

    def _count(self, file: Path) -> int:
        """Lines as `_lines` counts them: a last one without a newline is one too."""
        lines, last = 0, b"\n"
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                lines, last = lines + block.count(b"\n"), block[-1:]
        return lines + (last != b"\n")

    def _nothing(self) -> str:
        return f"{self.path}: the first {_HEAD} lines hold no JSON object, so there are no columns to read"

    @property
    def _names(self) -> list[str]:
        return self._head.columns

    @cached_property
    def _head(self) -> _Head:
        columns: dict[str, None] = {}
        kinds: dict[str, str] = {}
        for _, line in islice(self._lines(), _HEAD):
            try:
                record = _record(line)
            except records.RecordError:
                continue
            if isinstance(record, dict):
                columns |= dict.fromkeys(record)
                kinds = records.kinds(record) | kinds
        return _Head(list(columns), kinds)


def _record(line: bytes | None) -> object:
    """The line's JSON value. Raises `records.RecordError`."""
    if line is None:
        raise records.RecordError("is too long a line (`max_line`)")
    if not line.strip():
        raise records.RecordError("is an empty line")
    try:
        return orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        cut = "" if line.endswith(b"\n") else "; the file ends here, was it cut short?"
        raise records.RecordError(f"is not JSON: {error.msg} at character {error.pos + 1}{cut}") from None
