"""The columns of each file, looked at before anything starts: one without the wanted ones is told, not passed by."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.decontamination.columns import text_columns
from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.lines import read_blocks
from smoltalk.decontamination.parts import Files, damaged
from smoltalk.errors import Problem, UserError, nearest

_HEADS = (500_000, 8_000_000)
"""Bytes of JSON Lines in which the columns must show up; the second where the first do not hold them."""

Wrong = Callable[[pa.Schema, str], Sequence[Problem]]
"""What is wrong with the columns of a file of that name."""


def refuse(data: Files | OnHub, wrong: Wrong) -> None:
    """Raises `UserError` with what is wrong, file by file. What lies on the Hub is one schema, seen when it is read."""
    if isinstance(data, OnHub):
        return
    problems = [problem for path in data.paths for problem in _of_file(path, wrong)]
    if problems:
        raise UserError(problems)


def no_rows(data: Files | OnHub) -> UserError:
    """What to say of data without a row: a result would look like that of a clean dataset."""
    if isinstance(data, OnHub):
        return UserError([Problem(data.dataset, 0, f"split {data.split} holds no rows")])
    return UserError([Problem(str(path), 0, "holds no rows") for path in data.paths])


def none_readable(data: Files | OnHub, told: Sequence[str], number: int) -> UserError:
    """What to say where every line is unreadable: nothing was looked at, which is not a clean dataset."""
    if isinstance(data, OnHub):
        name = data.dataset
    else:
        name = str(data.paths[0]) + (f" and {len(data.paths) - 1:,} more" if len(data.paths) > 1 else "")
    return UserError(
        [Problem(name, 0, f"none of {number:,} lines is a row: nothing was looked at", "\n    ".join(told))]
    )


def no_texts(schema: pa.Schema, wanted: Sequence[str], origin: str) -> list[Problem]:
    """Columns that are missing or hold no texts; of none wanted, that there is no column of texts.

    A column with nothing but null in it is there, and may hold texts further down.
    """
    names = text_columns(schema, wanted)
    open_ = {field.name for field in schema if pa.types.is_null(field.type)}
    problems = [
        Problem(origin, 0, f"has no column `{name}`", nearest(name, schema.names))
        if name not in schema.names
        else Problem(origin, 0, f"column `{name}` holds no texts: it is {schema.field(name).type}")
        for name in wanted
        if name not in names and name not in open_
    ]
    if not wanted and not names and not open_:
        problems = [Problem(origin, 0, f"holds no column of texts; there is: {', '.join(schema.names)}")]
    return problems


def _of_file(path: Path, wrong: Wrong) -> Sequence[Problem]:
    found: Sequence[Problem] = ()
    for schema in _schemas(path):
        found = wrong(schema, str(path))
        if not found:
            break
    return found


def _schemas(path: Path) -> Iterator[pa.Schema]:
    """The columns as far as more and more of the file shows them; none for one that begins without a row."""
    if path.suffix == ".parquet":
        try:
            yield pq.read_schema(path)
        except Exception as error:  # a damaged footer surfaces as whatever its decoder stumbled over
            raise damaged(path, error) from error
        return
    for head in _HEADS[: 1 + (path.stat().st_size > _HEADS[0])]:
        for block in read_blocks(path, 0, _line_end(path, head)):
            if block.table.num_rows:
                yield block.table.schema


def _line_end(path: Path, at: int) -> int:
    """Where the line ends that this byte is in; the file's own end where that comes before."""
    with path.open("rb") as stream:
        stream.seek(min(at, path.stat().st_size))
        stream.readline()
        return stream.tell()
