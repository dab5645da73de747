"""DATA in parts: stretches of files, or of a dataset on the Hub, each read, scanned and written on its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from smoltalk.decontamination.forms import OTHERS, unread
from smoltalk.decontamination.lines import Block, cuts, read_blocks
from smoltalk.decontamination.places import Lines, one_by_one
from smoltalk.errors import Problem, UserError, nearest

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

PART = 32_000_000
"""Bytes of text in a part, about; a Parquet row group is never cut."""
_BATCH = 8_000_000
"""Bytes of a Parquet row group that are in memory at a time, about; one row may be longer."""
_SUFFIXES = (".jsonl", ".ndjson", ".parquet")


class Part(NamedTuple):
    """A stretch of the data."""

    number: int
    origin: str
    """The file or dataset."""
    size: int
    """Bytes on disk; 0 where nobody knows."""
    read: Callable[[], Iterator[Block]]


@dataclass(frozen=True, slots=True)
class Files:
    """Local files in the order they were named, folders by name."""

    paths: tuple[Path, ...]
    size: int
    passed_over: tuple[Path, ...] = ()
    """Files of the same folders that hold data in other forms."""

    def identity(self) -> list[list[str | int]]:
        """What, when changed, makes these other rows."""
        return [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in self.paths]

    def parts(self, done: Callable[[int], bool]) -> Iterator[Part]:
        """All parts; `done` ones need not be read. Raises `UserError` for a file that is damaged."""
        number = 0
        for path in self.paths:
            for part in _parts_of(path, number, done):
                yield part
                number = part.number + 1


def files(data: Sequence[str], out: Path | None = None) -> Files | None:
    """The files that DATA names: files, folders, globs, run folders. None when it names none but may be a Hub id.

    What is written to, `out`, is no data, though it may lie in one of these folders.
    Raises `UserError` for a path with nothing to read.
    """
    found: list[Path] = []
    problems: list[Problem] = []
    others: list[Path] = []
    for one in data:
        here = _files_of(one)
        if here is None:
            if len(data) == 1 and _may_be_on_hub(one):
                return None
            if one == "-":
                hint = "standard input is not read: save it as a file, ROWS.jsonl, and name that"
                problems.append(Problem(one, 0, "is no file or folder", hint))
                continue
            near = nearest(one, [str(p) for p in Path(one).parent.iterdir()] if Path(one).parent.is_dir() else [])
            problems.append(Problem(one, 0, "there is no such file or folder", near if near.startswith("did") else ""))
            continue
        outside = [path for path in here if out is None or out.resolve() not in path.resolve().parents]
        if here and not outside:
            problems.append(Problem(one, 0, f"lies in {out}, which is written to", "name another folder: --out FOLDER"))
            continue
        here = outside
        readable = [path for path in here if path.suffix in _SUFFIXES]
        other = [path for path in here if path.suffix in OTHERS]
        if readable:
            found += readable
            others += other
        else:
            problems.append(unread(one, other))
    if problems:
        raise UserError(problems)
    paths = tuple(dict.fromkeys(found))
    return Files(paths, sum(path.stat().st_size for path in paths), tuple(dict.fromkeys(others)))


def _files_of(one: str) -> list[Path] | None:
    """Files that may be data, whether they can be read or not. None where there is nothing of that name."""
    place = Path(one)
    if place.is_file():
        return [place]
    if place.is_dir():
        if (place / "run.db").is_file():  # a run: its accepted rows
            place = place / "data"
        return sorted(path for path in place.rglob("*") if path.is_file() and not _hidden(path, place))
    matched = (
        sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor)))) if any(map(one.count, "*?[")) else []
    )
    return [path for path in matched if path.is_file()] if matched else None


def _hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def _may_be_on_hub(one: str) -> bool:
    """Whether nothing says that a file or folder of this machine is meant: `runs/mine` is none of the Hub's where
    there is a folder `runs`."""
    if "/" in one and Path(one).parent.is_dir():
        return False
    odd = one.startswith((".", "/", "~", "-")) or "*" in one or Path(one).suffix in {*_SUFFIXES, *OTHERS}
    return one.count("/") <= 1 and not odd


def _parts_of(path: Path, first: int, done: Callable[[int], bool]) -> Iterator[Part]:
    """Parts of one file, numbered from `first`."""
    if path.suffix == ".parquet":
        yield from _of_parquet(path, first, done)
        return
    lines = Lines(path)
    for number, (begin, end) in enumerate(cuts(path, PART), first):
        yield Part(number, str(path), end - begin, partial(read_blocks, path, begin, end, lines))


def _of_parquet(path: Path, number: int, done: Callable[[int], bool]) -> Iterator[Part]:
    """Row groups, small ones together; one that is too large for a part is decoded here and handed out in pieces."""
    with _open(path) as parquet:
        groups = [parquet.metadata.row_group(group) for group in range(parquet.num_row_groups)]
    whole = max(1, sum(group.total_byte_size for group in groups))
    per_byte = path.stat().st_size / whole
    firsts = list(accumulate((group.num_rows for group in groups), initial=1))
    held: list[int] = []
    for place, group in enumerate(groups):
        if group.total_byte_size > 2 * PART:
            rows = max(1, PART * group.num_rows // group.total_byte_size)
            pieces = -(-group.num_rows // rows)
            size = int(per_byte * group.total_byte_size / pieces)
            if all(done(number + piece) for piece in range(pieces)):
                yield from (Part(number + piece, str(path), size, partial(iter, ())) for piece in range(pieces))
            else:
                for piece, table in enumerate(_pieces(path, place, rows)):
                    yield Part(number + piece, str(path), size, partial(_one, table, firsts[place] + piece * rows))
            number += pieces
            continue
        held.append(place)
        size = sum(groups[one].total_byte_size for one in held)
        if size >= PART or place == len(groups) - 1 or groups[place + 1].total_byte_size > 2 * PART:
            yield Part(number, str(path), int(per_byte * size), partial(_batches, path, held, firsts[held[0]]))
            number, held = number + 1, []


def _one(table: "pa.Table", first: int) -> Iterator[Block]:
    rows = max(1, int(_BATCH * table.num_rows / max(table.nbytes, 1)))
    return (Block(table.slice(at, rows), [], 0, one_by_one(first + at)) for at in range(0, table.num_rows, rows))


def _pieces(path: Path, group: int, rows: int) -> Iterator["pa.Table"]:
    """A row group as tables of exactly so many rows, but the last."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    for batch in _decoded(path, [group], max(1, rows // 4)):
        held.append(batch)
        while sum(one.num_rows for one in held) >= rows:
            table = pa.Table.from_batches(held)
            yield table.slice(0, rows)
            held = table.slice(rows).to_batches()
    if sum(one.num_rows for one in held):
        yield pa.Table.from_batches(held)


def _batches(path: Path, groups: Sequence[int], first: int) -> Iterator[Block]:
    """Row groups of which the first begins with row number `first` of the file."""
    import pyarrow as pa

    with _open(path) as parquet:
        meta = [parquet.metadata.row_group(group) for group in groups]
    size, count = sum(one.total_byte_size for one in meta), sum(one.num_rows for one in meta)
    rows = max(1, int(_BATCH * count / max(size, 1)))
    for batch in _decoded(path, groups, rows):
        yield Block(pa.Table.from_batches([batch]), [], 0, one_by_one(first))
        first += batch.num_rows


def _decoded(path: Path, groups: Sequence[int], rows: int) -> Iterator["pa.RecordBatch"]:
    """Batches of at most so many rows; pages are read as they are needed. Raises `UserError`."""
    import pyarrow as pa

    with _open(path) as parquet:
        try:
            yield from parquet.iter_batches(batch_size=min(rows, 65_536), row_groups=list(groups), use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise damaged(path, error) from error


def _open(path: Path) -> "pq.ParquetFile":
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, buffer_size=1 << 20)
    except Exception as error:  # a damaged footer surfaces as whatever its decoder stumbled over
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> UserError:
    """What to say of a Parquet file that cannot be opened."""
    said = str(error).partition("\n")[0]
    return UserError(
        [
            Problem(
                str(path), 0, f"is no whole Parquet file: {said}", "mend it, or name the others: it is not passed over"
            )
        ]
    )
