"""A run or a mixture opened for looking at: its books, its pipeline, and its rows as Parquet in pieces."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.errors import WorldError
from smoltalk.mixing.books import of_sources
from smoltalk.mixing.progress import OfSource
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.mixes import is_mixture
from smoltalk.run import database
from smoltalk.run.folder import RunFolder, holder
from smoltalk.run.ledger import Books, read_books
from smoltalk.run.reopen import reopen_to_tell

_PIECE_ROWS = 25_000
_BATCH_ROWS, _BATCH_BYTES = 8_192, 24_000_000
_SPLIT = re.compile(r"(.+)-\d{5}(?:-of-\d{5})?\.parquet")
_CLOSED = ("complete", "stopped")


class Piece(NamedTuple):
    """A stretch of one file, for one thread."""

    number: int
    path: Path
    split: str
    """"" for rows that were turned away."""
    groups: tuple[int, ...]
    rows: int
    size: int
    """Bytes of it, unpacked."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a report looks at."""

    folder: RunFolder
    pipeline: Pipeline
    books: Books
    connection: sqlite3.Connection
    accepted: tuple[Path, ...]
    turned_away: tuple[Path, ...]

    @property
    def is_mixture(self) -> bool:
        """Whether datasets were mixed, and not rows made."""
        return _mixes(self.pipeline)

    def sources(self) -> tuple[OfSource, ...]:
        """What became of each source of a mixture; none of a run, nor of a mixture that is not finished."""
        return of_sources(self.connection)[0]


@contextmanager
def opened(folder: RunFolder) -> Iterator[Opened]:
    """A run as it stands. One whose files are not written yet has them written into a temporary folder; a mixture
    shows no rows before it is finished.

    Raises `UserError` where there is no run, and `WorldError` where it is damaged.
    """
    pipeline = reopen_to_tell(folder)
    with ExitStack() as stack:
        connection = stack.enter_context(closing(database.connect(folder.database)))
        stack.enter_context(database.sqlite_errors(folder.database))
        books = read_books(connection)
        if books.state == "running" and holder(folder) is None:
            books.state = "interrupted"
        files = folder
        if books.state not in _CLOSED or not any(folder.data.glob("*.parquet")):
            files = RunFolder(Path(stack.enter_context(TemporaryDirectory(prefix="smoltalk-report-"))))
            if not _mixes(pipeline):
                _write(pipeline, files, connection)
        accepted = tuple(sorted(files.data.glob("*.parquet")))
        turned_away = tuple(sorted(files.rejected.glob("*.parquet")))
        with _parquet_errors(folder):
            yield Opened(folder, pipeline, books, connection, accepted, turned_away)


def _mixes(pipeline: Pipeline) -> bool:
    """Also of a mixture whose sources are gone: it is reopened without them."""
    return pipeline.mixes or is_mixture(pipeline.text)


def _write(pipeline: Pipeline, files: RunFolder, connection: sqlite3.Connection) -> None:
    from smoltalk.run.row_files import write_rows
    from smoltalk.run.staging import Staged

    with Staged() as staged:
        write_rows(pipeline, files, connection, staged, str(pipeline.path))


@contextmanager
def _parquet_errors(folder: RunFolder) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise WorldError(
            f"the files of {folder.path} cannot be read: {said}",
            kept=f"{folder.database}",
            command=f"smoltalk run {folder.path}   (it writes them again)",
        ) from error


def pieces(paths: Sequence[Path], *, split: bool = True) -> list[Piece]:
    """Files cut into stretches of about 25,000 rows, at row groups."""
    found: list[Piece] = []
    for path in paths:
        said = _SPLIT.fullmatch(path.name)
        name = (said[1] if said else path.stem) if split else ""
        data = pq.read_metadata(path)
        groups: list[int] = []
        rows = size = 0
        for number in range(data.num_row_groups):
            group = data.row_group(number)
            groups.append(number)
            rows, size = rows + group.num_rows, size + group.total_byte_size
            if rows >= _PIECE_ROWS or size >= 16 * _BATCH_BYTES or number == data.num_row_groups - 1:
                found.append(Piece(len(found), path, name, tuple(groups), rows, size))
                groups, rows, size = [], 0, 0
    return found


def batches(piece: Piece, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a piece, some 24 MB at a time; of `columns` those that are there."""
    each = max(1, min(_BATCH_ROWS, _BATCH_BYTES * piece.rows // max(piece.size, 1))) if piece.rows else _BATCH_ROWS
    with pq.ParquetFile(piece.path) as file:
        names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        yield from file.iter_batches(batch_size=each, row_groups=list(piece.groups), columns=names, use_threads=False)


def schema(paths: Sequence[Path]) -> pa.Schema:
    """The columns of the first file; none without files."""
    return pq.read_schema(paths[0]) if paths else pa.schema([])
