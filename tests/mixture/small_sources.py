"""Sources of a few rows, and everything that is read of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.mixture.reading import Failed, Piece, Reader
from smoltalk.mixture.source import MixSource


def read(reader: Reader) -> list[Piece]:
    """Every piece of a source, each sound and with its number."""
    pieces = [piece() for piece in reader.pieces()]
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    for piece in pieces:
        piece.batch.validate(full=True)
        assert piece.rows == piece.batch.num_rows + len(piece.failed) + piece.passed_over
    return pieces


def rows(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """The rows that are born."""
    return [row for piece in pieces for row in piece.batch.to_pylist()]


def failed(pieces: Sequence[Piece]) -> list[Failed]:
    """What is no row."""
    return [one for piece in pieces for one in piece.failed]


def source(*paths: Path, **fields: Any) -> MixSource:
    """A source of these files."""
    return MixSource(files=[str(path) for path in paths], **fields)


def lines(path: Path, *records: Any) -> Path:
    """A file of JSON Lines; bytes are lines already."""
    path.write_bytes(b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in records))
    return path


def parquet(path: Path, table: Any, **options: Any) -> Path:
    """A Parquet file of a table, or of rows."""
    pq.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pylist(table), path, **options)
    return path
