"""`rejected/`: rows that are not in the dataset, a Parquet file for each gate, with reason and evidence.

Rows that are only beyond what was asked for are named by `source_id` alone: nothing is wrong with their texts, which
stand in their source.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.mixing.sieve import MIX
from smoltalk.run.parquet import messages_type
from smoltalk.run.staging import Staged

FAILED = "failed"
_GROUP_BYTES, _GROUP_ROWS = 4_000_000, 20_000
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "gate", "reason", "evidence")]
    + [("messages", messages_type()), ("columns", pa.string())]
)


class TurnedAway:
    """Files that are all open at once. Raises `OSError`."""

    def __init__(self, folder: Path, gates: Iterable[str], staged: Staged) -> None:
        names = {label: label if label != FAILED else "failed_gate" for label in (MIX, *gates)}
        self._files = {label: _File(staged.path(folder / f"{name}.parquet")) for label, name in names.items()}
        self._failed = _File(staged.path(folder / f"{FAILED}.parquet"))

    def add(self, rows: pa.RecordBatch, fates: list[str]) -> None:
        """Rows of `SCHEMA`, and how each of them ended."""
        gates = rows.column("gate").to_pylist()
        by: dict[str | None, list[int]] = {}
        for row, (fate, gate) in enumerate(zip(fates, gates, strict=True)):
            by.setdefault(None if fate == FAILED else gate, []).append(row)
        for label, some in by.items():
            file = self._failed if label is None else self._files[label]
            file.add(rows if len(some) == rows.num_rows else rows.take(pa.array(some)))

    def close(self) -> None:
        """Write what is held, and the footers."""
        for file in (*self._files.values(), self._failed):
            file.close()


class _File:
    def __init__(self, path: Path) -> None:
        self._sink = pa.OSFile(str(path), "wb")
        repeats = ["messages.list.element.role", "source", "gate", "reason"]
        self._writer = pq.ParquetWriter(self._sink, SCHEMA, compression="zstd", use_dictionary=repeats)
        self._held: list[pa.RecordBatch] = []

    def add(self, rows: pa.RecordBatch) -> None:
        self._held.append(rows)
        if (
            sum(one.num_rows for one in self._held) >= _GROUP_ROWS
            or sum(one.nbytes for one in self._held) >= _GROUP_BYTES
        ):
            self._write()

    def close(self) -> None:
        try:
            self._write()
            self._writer.close()
        finally:
            self._sink.close()

    def _write(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held).combine_chunks())
            self._held = []
