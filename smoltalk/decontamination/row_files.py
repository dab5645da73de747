"""A part's rows as Parquet, in their order: a file goes on until the schema changes, then comes the next."""

from contextlib import ExitStack
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.decontamination.folder import OutFolder


class RowFiles:
    """A part's files, opened when they get their first row and named when `stack` closes.

    Rows that follow on those of another schema go to a file of their own, though an earlier one had theirs: whoever
    reads the files by name reads the rows in their order.
    """

    def __init__(self, number: int, folder: OutFolder, stack: ExitStack) -> None:
        self._number, self._folder, self._stack = number, folder, stack
        self._under_way: dict[str, _UnderWay] = {}
        for side in folder.sides:
            for left in folder.files(side, number):  # of a call that did not finish the part
                left.unlink()

    def write(self, side: str, rows: pa.RecordBatch) -> None:
        """Rows for one side."""
        now = self._under_way.get(side)
        if now is None or now.schema != rows.schema:
            now = self._under_way[side] = self._opened(side, now.nth + 1 if now else 0, rows.schema)
        now.writer.write_batch(rows)

    def _opened(self, side: str, nth: int, schema: pa.Schema) -> "_UnderWay":
        place = self._stack.enter_context(self._folder.replacing(self._folder.rows(side, self._number, nth)))
        writer = pq.ParquetWriter(place, schema, compression="zstd", use_dictionary=False)
        return _UnderWay(nth, schema, self._stack.enter_context(writer))


class _UnderWay(NamedTuple):
    """The file that a side's rows go to now."""

    nth: int
    schema: pa.Schema
    writer: pq.ParquetWriter
