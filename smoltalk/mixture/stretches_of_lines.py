"""Stretches of JSON Lines: by Arrow's reader where it takes all lines as they are, line by line where it does not."""

import json
import re
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json

from smoltalk.decontamination.as_written import LONG_NUMBER, any_rounded, undated
from smoltalk.errors import Problem, UserError
from smoltalk.mixture.plain import Column, is_list, sound
from smoltalk.mixture.stretches import STRETCH, Read, Stretch, Unread, columns_of
from smoltalk.mixture.turning_values import CALLS
from smoltalk.text import shown

_LONGEST = 64_000_000
"""Bytes in a line; of a longer one only the beginning is read, and it is no row."""
_END = ord("\n")
_BOM = b"\xef\xbb\xbf"
_HALF = re.compile(rb"\\u[dD][89a-fA-F]|[\xed][\xa0-\xbf]")
"""What a line with half a character has."""


def of_lines(path: Path, name: str, wanted: Collection[str], first: int) -> Iterator[tuple[int, Read]]:
    """Numbered stretches of a file, from number `first`. Raises `UserError` for a file that cannot be read."""
    line = 1
    try:
        with path.open("rb") as stream:
            while data := stream.read(STRETCH):
                data, long = _to_line_end(data, stream)
                if line == 1:
                    data = data.removeprefix(_BOM)
                ends = int(np.count_nonzero(np.frombuffer(data, np.uint8) == _END))
                lines = ends + (not data.endswith(b"\n"))
                yield first, partial(_stretch, name, data, line, lines, long, wanted)
                first, line = first + 1, line + ends
    except OSError as error:
        raise UserError([Problem(str(path), 0, f"cannot be read: {error.strerror}")]) from error


def _to_line_end(data: bytes, stream: BinaryIO) -> tuple[bytes, bool]:
    """With the rest of the last line, and whether that is too long to be read."""
    if data.endswith(b"\n"):
        return data, False
    rest = stream.readline(_LONGEST)
    if len(rest) < _LONGEST or rest.endswith(b"\n"):
        return data + rest, False
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(1 << 20)
    return data + b"\n", True


def _stretch(name: str, data: bytes, first: int, lines: int, long: bool, wanted: Collection[str]) -> Stretch:
    table = None if long else _at_once(data, wanted)
    if table is None:
        return _line_by_line(name, data, first, long, wanted)
    numbers = np.arange(first, first + table.num_rows)
    if lines != table.num_rows:  # lines without a row
        there = [number for number, line in enumerate(data.split(b"\n"), first) if line.strip()]
        if len(there) != table.num_rows:  # two rows in a line
            return _line_by_line(name, data, first, long, wanted)
        numbers = np.array(there, np.int64)
    return Stretch(name, columns_of(table, wanted), table.num_rows, numbers, [], set())


def _at_once(data: bytes, wanted: Collection[str]) -> pa.Table | None:
    """All lines by Arrow's own reader; None where it cannot take them as they are, or would join calls of all rows."""
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    try:
        table = pyarrow.json.read_json(pa.BufferReader(data), reading)
        texts = undated(table.schema)
        if texts != table.schema:  # it took texts for dates
            table = pyarrow.json.read_json(
                pa.BufferReader(data), reading, pyarrow.json.ParseOptions(explicit_schema=texts)
            )
        table = table.select([name for name in dict.fromkeys(table.schema.names) if name in wanted])
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError):
        return None
    return None if any(map(_calling, table.schema.types)) or any_rounded(data, table.schema) else table


def _calling(kind: pa.DataType) -> bool:
    return is_list(kind) and pa.types.is_struct(kind.value_type) and any(f.name in CALLS for f in kind.value_type)


def _line_by_line(name: str, data: bytes, first: int, long: bool, wanted: Collection[str]) -> Stretch:
    found: list[dict[str, Any]] = []
    numbers: list[int] = []
    unread: list[Unread] = []
    mended: set[int] = set()
    lines = data.split(b"\n")
    last = first + len(lines) - 1 - (lines[-1] == b"")
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            if long and number == last:
                raise ValueError(f"is longer than {_LONGEST:,} bytes")
            record, broken = _record(line)
        except ValueError as error:
            reason = "too_long" if long and number == last else "not_json"
            unread.append(Unread(number, reason, str(error), line))
            continue
        if broken:
            mended.add(len(found))
        found.append(record)
        numbers.append(number)
    columns: dict[str, Column] = {
        theirs: [record.get(theirs) for record in found]
        for theirs in wanted
        if any(theirs in record for record in found)
    }
    return Stretch(name, columns, len(found), np.array(numbers, np.int64), unread, mended)


def _record(line: bytes) -> tuple[dict[str, Any], bool]:
    """A line's object, and whether it held half characters. Raises `ValueError` with the end of a sentence."""
    broken = False
    try:
        record = json.loads(line) if LONG_NUMBER.search(line) else orjson.loads(line)
        if LONG_NUMBER.search(line) and _HALF.search(line):
            record, broken = sound(record)
    except (orjson.JSONDecodeError, UnicodeDecodeError, json.JSONDecodeError):
        record, broken = _patiently(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from None
    if not isinstance(record, dict):
        raise ValueError(f"is no JSON object: {shown(record, 40)!r}")
    return record, broken


def _patiently(line: bytes) -> tuple[Any, bool]:
    """The same of a line that is no UTF-8, or holds half characters."""
    try:
        text = line.decode("utf-8", "surrogateescape")
        return sound(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg.lower()} at its character {error.pos + 1}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from None
