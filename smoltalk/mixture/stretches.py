"""Stretches of a source's files, each as columns that are read together."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from os.path import commonpath
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from smoltalk.decontamination.parts import damaged
from smoltalk.mixture.plain import Column

STRETCH = 8_000_000
"""Bytes of a stretch before they are compressed, about: what a processor keeps near it. A row is never cut."""

_LEAST = 400
"""Bytes that a row counts for at least."""


class Unread(NamedTuple):
    """A line that is no row."""

    number: int
    """Of the line, from 1."""
    reason: str
    detail: str
    line: bytes
    """As far as it was read."""


class Stretch(NamedTuple):
    """Rows of one file in their order."""

    name: str
    """Of the file or split, for people."""
    columns: dict[str, Column]
    """By their own names; those that the file does not have are left out."""
    rows: int
    numbers: NDArray[np.int64]
    """Where each row stands in its file, from 1."""
    unread: list[Unread]
    mended: set[int]
    """Rows that held half characters."""


Read = Callable[[], Stretch]


def shown(paths: Sequence[Path]) -> dict[Path, str]:
    """What files are called in places: their paths from the folder that holds them all."""
    whole = [path.absolute() for path in paths]
    common = commonpath([path.parent for path in whole]) if whole else ""
    return {path: full.relative_to(common).as_posix() for path, full in zip(paths, whole, strict=True)}


def of_table(name: str, first: int, table: pa.Table | pa.RecordBatch, wanted: Collection[str]) -> Stretch:
    """Rows `first`, counted from 0, and on of a file or split."""
    numbers = np.arange(first + 1, first + 1 + table.num_rows)
    return Stretch(name, columns_of(table, wanted), table.num_rows, numbers, [], set())


def columns_of(table: pa.Table | pa.RecordBatch, wanted: Collection[str]) -> dict[str, Column]:
    """Columns by name, each in one piece. Of columns that have the same name the first counts."""
    names = table.schema.names
    return {name: _whole(table.column(names.index(name))) for name in names if name in wanted}


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


# ---------------------------------------------------------------- Parquet


def of_parquet(path: Path, name: str, wanted: Collection[str], first: int, done: Callable[[int], bool]) -> Iterator[
    tuple[int, Read]
]:  # fmt: skip
    """Numbered stretches of a file, from number `first`; those that are `done` have nothing to read.

    Small row groups go together; one that is too large for a stretch is decoded here and handed out in pieces.
    Raises `UserError` for a damaged file.
    """
    groups = _groups(path, wanted)
    held: list[int] = []
    row = 0
    for place, (size, rows) in enumerate(groups):
        if size > 2 * STRETCH:
            each = max(1, STRETCH * rows // size)
            numbers = range(first, first + -(-rows // each))
            pieces = _pieces(path, place, each, wanted) if not all(map(done, numbers)) else iter(())
            for number in numbers:
                batch = next(pieces, None)
                yield number, partial(of_table, name, row, batch, wanted) if batch is not None else _nothing
                row += each
            first, row = numbers.stop, row - each * len(numbers) + rows
            continue
        held.append(place)
        ends = place == len(groups) - 1 or groups[place + 1][0] > 2 * STRETCH
        if sum(groups[one][0] for one in held) >= STRETCH or ends:
            yield first, partial(_read, path, name, tuple(held), wanted, row)
            first, row, held = first + 1, row + sum(groups[one][1] for one in held), []


def _nothing() -> Stretch:
    raise AssertionError("a finished piece is not read again")


def _groups(path: Path, wanted: Collection[str]) -> list[tuple[int, int]]:
    """Bytes of the columns that are read, and rows, of each row group."""
    with _open(path) as parquet:
        meta = parquet.metadata
        found = []  # texts that repeat are written once, so bytes alone would let a row group be any size
        for place in range(meta.num_row_groups):
            group = meta.row_group(place)
            parts = [group.column(column) for column in range(group.num_columns)]
            size = sum(one.total_uncompressed_size for one in parts if one.path_in_schema.partition(".")[0] in wanted)
            found.append((max(size, group.num_rows * _LEAST), group.num_rows))
    return found


def _read(path: Path, name: str, groups: Sequence[int], wanted: Collection[str], first: int) -> Stretch:
    with _open(path) as parquet:
        try:
            table = _joined(parquet, list(groups), _there(parquet, wanted))
        except Exception as error:  # a damaged page surfaces as whatever its decoder stumbled over
            raise damaged(path, error) from error
        rows = sum(parquet.metadata.row_group(group).num_rows for group in groups)
    stretch = of_table(name, first, table, wanted)
    return stretch._replace(rows=rows, numbers=np.arange(first + 1, first + 1 + rows))


def _joined(parquet: pq.ParquetFile, groups: list[int], columns: list[str]) -> pa.Table:
    try:
        return parquet.read_row_groups(groups, columns=columns, use_threads=False)
    except pa.ArrowNotImplementedError:  # dictionaries inside lists, each row group with its own
        return pa.concat_tables([parquet.read_row_group(one, columns=columns, use_threads=False) for one in groups])


def _pieces(path: Path, group: int, rows: int, wanted: Collection[str]) -> Iterator[pa.Table]:
    """A row group as tables of exactly so many rows, but the last."""
    with _open(path) as parquet:
        batches = parquet.iter_batches(rows, [group], columns=_there(parquet, wanted), use_threads=False)
        held: list[pa.RecordBatch] = []
        try:
            for batch in batches:
                held.append(batch)
                if sum(one.num_rows for one in held) >= rows:
                    table = pa.Table.from_batches(held)
                    yield table.slice(0, rows)
                    held = table.slice(rows).to_batches()
        except Exception as error:  # as above
            raise damaged(path, error) from error
        if sum(one.num_rows for one in held):
            yield pa.Table.from_batches(held)


def _there(parquet: pq.ParquetFile, wanted: Collection[str]) -> list[str]:
    return [name for name in parquet.schema_arrow.names if name in wanted]


def _open(path: Path) -> Any:
    try:
        return pq.ParquetFile(path, buffer_size=1 << 20)
    except Exception as error:  # a damaged footer surfaces as whatever its decoder stumbled over
        raise damaged(path, error) from error
