"""Rows of a dataset to look at: the first ones, or one by its id."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from smoltalk.rows import Row


def first_rows(folder: Path, n: int) -> Iterator[Row]:
    """At most `n` rows of the Parquet files of a folder, those of `train` first; columns that hold nothing left out."""
    import pyarrow.parquet as pq

    files = sorted(folder.glob("*.parquet"), key=lambda file: (not file.name.startswith("train"), file.name))
    for file in files:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=n):
                rows: list[dict[str, Any]] = batch.to_pylist()[:n]
                yield from ({name: value for name, value in row.items() if value is not None} for row in rows)
                n -= len(rows)
                if n <= 0:
                    return


def row_of(files: Iterable[Path], row_id: str) -> Row:
    """The row of this id, without columns that hold nothing; empty where no file has it."""
    import pyarrow.parquet as pq

    for file in files:
        if "id" in pq.read_schema(file).names:
            found: list[Row] = pq.read_table(file, filters=[("id", "=", row_id)]).to_pylist()
            if found:
                return {name: value for name, value in found[0].items() if value is not None}
    return {}
