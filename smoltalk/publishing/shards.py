"""A split's rows as the shards that the Hub's viewer and `load_dataset` like, in one pass, memory flat.

Shards of at most 300 MB, row groups of at most 32 MB with a page index; where pyarrow can, pages are cut where the
content says so, so that an edited dataset shares most of its bytes with the one before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_BYTES = 300_000_000
GROUP_BYTES = 32_000_000
"""Of a row group, as Arrow holds it; `datasets` and the viewer like them below 100 MB."""
_BATCH_ROWS = 512
"""Rows read at once: few enough for rows of 100 kB each."""


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a release."""

    name: str
    files: tuple[Path, ...]
    rows: int
    arrow_bytes: int
    """What the rows take in Arrow: `num_bytes` of a dataset card."""
    file_bytes: int
    """What the files take."""
    schema: "pa.Schema"


def write_split(
    name: str,
    sources: Sequence[Path],
    folder: Path,
    see: "Callable[[pa.RecordBatch], None]",
    shard_bytes: int = SHARD_BYTES,
) -> Split:
    """Write the rows of `sources`, in order, as `folder/NAME-0000i-of-0000n.parquet`; `see` is shown every batch.

    Raises `OSError`, `pyarrow.ArrowInvalid` for a damaged file, `ValueError` where columns differ between files.
    """
    from pyarrow.parquet import ParquetFile

    folder.mkdir(parents=True, exist_ok=True)
    with ParquetFile(sources[0]) as first:
        writer = _Shards(name, folder, first.schema_arrow, shard_bytes)
    try:
        for source in sources:
            with ParquetFile(source) as file:
                if not file.schema_arrow.equals(writer.schema):
                    raise ValueError(f"{source} has other columns than {sources[0].name}")
                for batch in file.iter_batches(_BATCH_ROWS):
                    see(batch)
                    writer.add(batch)
    finally:
        writer.close()
    files = writer.named()
    size = sum(file.stat().st_size for file in files)
    return Split(name, files, writer.rows, writer.arrow_bytes, size, writer.schema)


class _Shards:
    """Takes batches; their number decides the files' names, so these are given at the end."""

    def __init__(self, name: str, folder: Path, schema: "pa.Schema", shard_bytes: int) -> None:
        self.schema, self.rows, self.arrow_bytes = schema, 0, 0
        self._name, self._folder, self._shard_bytes = name, folder, shard_bytes
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._written: list[Path] = []
        self._open()

    def add(self, batch: "pa.RecordBatch") -> None:
        self._held.append(batch)
        self._held_bytes += batch.nbytes
        self.rows += batch.num_rows
        self.arrow_bytes += batch.nbytes
        if self._held_bytes >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        self._write_group()
        self._end()

    def named(self) -> tuple[Path, ...]:
        """The files under their final names."""
        last = len(self._written)
        return tuple(
            path.rename(path.with_name(f"{self._name}-{i:05}-of-{last:05}.parquet"))
            for i, path in enumerate(self._written)
        )

    def _open(self) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        path = self._folder / f".{self._name}-{len(self._written)}"
        self._written.append(path)
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = ParquetWriter(self._sink, self.schema, compression="zstd", **_options())

    def _write_group(self) -> None:
        import pyarrow as pa

        if not self._held:
            return
        if self._sink.tell() + self._held_bytes // 2 > self._shard_bytes and self._sink.tell() > 4:
            self._end()
            self._open()
        table = pa.Table.from_batches(self._held, self.schema)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._held, self._held_bytes = [], 0

    def _end(self) -> None:
        try:
            self._writer.close()
        finally:
            self._sink.close()


def _options() -> dict[str, Any]:
    import pyarrow as pa

    return {"write_page_index": True, **({"use_content_defined_chunking": True} if _major(pa) >= 21 else {})}


def _major(pyarrow: Any) -> int:
    return int(pyarrow.__version__.partition(".")[0])
