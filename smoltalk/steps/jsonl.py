"""Rows from JSON Lines: one file, or a folder of them in the order of their names."""

import json
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import orjson
from pydantic import Field

from smoltalk import local_files, records
from smoltalk.contracts import Source
from smoltalk.errors import RowFailed
from smoltalk.rows import Row

_HEAD = 100
"""Lines that are looked at to learn the columns and what they hold."""


class _Head(NamedTuple):
    columns: list[str]
    kinds: dict[str, str]


class Jsonl(Source):
    """One row a line. A line that is no row fails with its place in the file, and the rest goes on.

    The columns are those of the first 100 lines; one that a line lacks is null. Conversations come as `messages`
    (`role`, `content`) or as ShareGPT's `conversations` (`from`, `value`). Memory does not grow with the file.
    """

    path: str = Field(min_length=1)
    """A file, or a folder with `*.jsonl` files; relative to the working directory."""
    columns: records.Columns | None = None
    """The columns to read, or `ours: theirs`; these must hold something in every row."""
    limit: int | None = Field(default=None, gt=0)
    """Read no more lines than this."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each line bears. The whole is read in as many rounds; the rows of a line differ by their `id`,
    and so by what is drawn for them."""
    licence: str | None = None
    """The data's licence: the card says it, and `push` asks for it. It makes no other rows."""
    max_line: int = Field(default=8_000_000, gt=0)
    """Bytes in a line; a longer one fails."""

    def check(self) -> Iterator[str]:
        if not self._files:
            yield local_files.missing(self.path, ".jsonl")
        elif not self._head.columns:
            yield f"{self.path}: the first {_HEAD} lines hold no JSON object, so there are no columns to read"
        else:
            for wrong in records.misnamed(self.columns or (), self._head.columns):
                yield f"{self.path} {wrong}"

    def writes(self) -> frozenset[str]:
        return frozenset(self._columns)

    def size(self) -> int:
        size = sum(_count_lines(file) for file in self._files)
        return min(size, self.limit or size) * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        return records.repeated(self._once, self.repeat, start)

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        """One row a line, from the line of that number on."""
        for place, line in islice(self._lines(), start, self.limit):
            try:
                yield self._row(_record(line))
            except records.RecordError as reason:
                yield RowFailed("unreadable", f"{place} {reason}")

    def fingerprint(self) -> str:
        """What the YAML says, and name, size and hash of every file."""
        once = {"repeat"} if self.repeat == 1 else set[str]()
        fields = self.model_dump(mode="json", exclude={"path", "licence"} | once)
        return json.dumps([fields, self._digests], sort_keys=True)

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

    @property
    def _files(self) -> list[Path]:
        return local_files.files(self.path, ".jsonl")

    @cached_property
    def _digests(self) -> list[list[str | int]]:
        return local_files.digests(self._files)

    @cached_property
    def _columns(self) -> dict[str, str]:
        return records.named_columns(self.columns) if self.columns else records.default_columns(self._head.columns)

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


def _count_lines(file: Path) -> int:
    """Lines as `_lines` counts them: a last one without a newline is one too."""
    lines, last = 0, b"\n"
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return lines + (last != b"\n")
