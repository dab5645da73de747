"""Rows from Parquet: one file, or a folder of them in the order of their names."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from smoltalk import records
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.sources import RecordFiles

_BATCH = 256
"""Rows that are in memory at a time."""


class Parquet(RecordFiles):
    """One row a record. A file or row group that is damaged fails its rows with their place, and the rest goes on.

    The columns are those of the first file that can be read; one that another file lacks is null.
    """

    ending: ClassVar[str] = ".parquet"

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        """A damaged file stands for one row, a damaged row group for the rows its footer promises."""
        first = 0
        for file in self._files:
            stop = first + self._count(file)
            if self.limit:
                stop = min(stop, self.limit)
            if start < stop:
                yield from islice(self._file_rows(file, max(start - first, 0)), stop - max(start, first))
            first = stop

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

    def _count(self, file: Path) -> int:
        try:
            with _open(file) as parquet:
                return int(parquet.metadata.num_rows)
        except _Damaged:
            return 1

    def _nothing(self) -> str:
        return f"{self.path} holds no whole Parquet file with columns"

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
