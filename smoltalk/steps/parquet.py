"""Rows from Parquet: one file, or a folder of them in the order of their names."""

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from smoltalk import local_files, records
from smoltalk.contracts import Source
from smoltalk.errors import RowFailed
from smoltalk.rows import Row

_BATCH = 256
"""Rows that are in memory at a time."""


class Parquet(Source):
    """One row a record. A file or row group that is damaged fails its rows with their place, and the rest goes on.

    The columns are those of the first file that can be read; one that another file lacks is null.
    """

    path: str = Field(min_length=1)
    """A file, or a folder with `*.parquet` files; relative to the working directory."""
    columns: records.Columns | None = None
    """The columns to read, or `ours: theirs`; these must hold something in every row."""
    limit: int | None = Field(default=None, gt=0)
    """Read no more records than this."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each record bears. The whole is read in as many rounds; the rows of a record differ by their
    `id`, and so by what is drawn for them."""
    licence: str | None = None
    """The data's licence: the card says it, and `push` asks for it. It makes no other rows."""

    def check(self) -> Iterator[str]:
        if not self._files:
            yield local_files.missing(self.path, ".parquet")
        elif not self._names:
            yield f"{self.path} holds no whole Parquet file with columns"
        for wrong in records.misnamed(self.columns or (), self._names) if self._names else ():
            yield f"{self.path} {wrong}"

    def writes(self) -> frozenset[str]:
        return frozenset(self._columns)

    def size(self) -> int:
        size = sum(_count(file) for file in self._files)
        return min(size, self.limit or size) * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        return records.repeated(self._once, self.repeat, start)

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        """A damaged file stands for one row, a damaged row group for the rows its footer promises."""
        first = 0
        for file in self._files:
            stop = first + _count(file)
            if self.limit:
                stop = min(stop, self.limit)
            if start < stop:
                yield from islice(self._file_rows(file, max(start - first, 0)), stop - max(start, first))
            first = stop

    def fingerprint(self) -> str:
        """What the YAML says, and name, size and hash of every file."""
        once = {"repeat"} if self.repeat == 1 else set[str]()
        fields = self.model_dump(mode="json", exclude={"path", "licence"} | once)
        return json.dumps([fields, self._digests], sort_keys=True)

    def _file_rows(self, file: Path, start: int) -> Iterator[Row | RowFailed]:
        """Rows of one file from its row `start`; whole row groups before it are not read."""
        try:
            parquet = _open(file)
        except _Damaged as error:
            yield RowFailed("unreadable", f"{file.name} {error}")
            return
        with parquet:
            first = 0
            for group in range(parquet.num_row_groups):
                rows = parquet.metadata.row_group(group).num_rows
                if start < first + rows:
                    yield from self._group_rows(parquet, group, rows, max(start - first, 0), file.name, first)
                first += rows

    def _group_rows(
        self, parquet: Any, group: int, rows: int, start: int, name: str, first: int
    ) -> Iterator[Row | RowFailed]:
        names = [theirs for theirs in self._columns.values() if theirs in parquet.schema_arrow.names]
        number = start
        try:
            batches = parquet.iter_batches(batch_size=_BATCH, row_groups=[group], columns=names)
            for record in islice((record for batch in batches for record in batch.to_pylist()), start, None):
                yield self._row(record, f"{name}:{first + number + 1}")
                number += 1
        except Exception as error:  # a damaged page surfaces as whatever its decoder stumbled over
            reason = str(error).partition("\n")[0]
            for lost in range(number, rows):
                yield RowFailed("unreadable", f"{name}:{first + lost + 1} is damaged: {reason}")

    def _row(self, record: dict[str, Any], place: str) -> Row | RowFailed:
        try:
            return records.to_row(record, self._columns, {}, promised=self.columns is not None)
        except records.RecordError as reason:
            return RowFailed("unreadable", f"{place} {reason}")

    @property
    def _files(self) -> list[Path]:
        return local_files.files(self.path, ".parquet")

    @cached_property
    def _digests(self) -> list[list[str | int]]:
        return local_files.digests(self._files)

    @cached_property
    def _columns(self) -> dict[str, str]:
        return records.named_columns(self.columns) if self.columns else records.default_columns(self._names)

    @cached_property
    def _names(self) -> list[str]:
        """Columns of the first file that can be read."""
        for file in self._files:
            with suppress(_Damaged), _open(file) as parquet:
                return list(parquet.schema_arrow.names)
        return []


class _Damaged(Exception):
    """Why a file is no Parquet, as the end of a sentence that starts with its name."""


def _open(file: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`, to be closed. Raises `_Damaged`."""
    import pyarrow.parquet as pq  # a quarter of a second

    try:
        return pq.ParquetFile(file)
    except Exception as error:  # a damaged footer surfaces as whatever its decoder stumbled over
        raise _Damaged(f"is no whole Parquet file: {str(error).partition(chr(10))[0]}") from error


def _count(file: Path) -> int:
    try:
        with _open(file) as parquet:
            return int(parquet.metadata.num_rows)
    except _Damaged:
        return 1
