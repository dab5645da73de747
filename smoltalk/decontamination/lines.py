"""Blocks of JSON Lines as Arrow tables; lines that are no rows, or of other types than the rest, are put aside."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.json

from smoltalk.decontamination.as_written import LONG_NUMBER, any_rounded, table_of, undated
from smoltalk.decontamination.places import Lines, Places, one_by_one
from smoltalk.decontamination.storable import DEEPEST, bottomless, deep, storable
from smoltalk.text import valid, with_texts

_Kind = str | dict[str, Any] | list[Any]


_BLOCK = 8_000_000
"""Bytes that are parsed at a time; one line may be longer."""


class Unreadable(NamedTuple):
    """A line that is no row."""

    place: str
    reason: str
    line: bytes

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class _Line(NamedTuple):
    number: int
    """Lines before it in its block."""
    place: str
    record: dict[str, Any]
    line: bytes


class Block(NamedTuple):
    """Rows of a stretch of a file, and what is wrong with it."""

    table: pa.Table
    unreadable: list[Unreadable]
    surrogates: int
    """Rows with half characters, which became U+FFFD."""
    places: Places = one_by_one(1)
    """Where in the file its rows stand."""


def cuts(path: Path, size: int) -> list[tuple[int, int]]:
    """Stretches of a file of about `size` bytes that begin and end with lines."""
    whole = path.stat().st_size
    bounds = [0]
    with path.open("rb") as stream:
        while bounds[-1] + size < whole:
            stream.seek(bounds[-1] + size - 1)
            stream.readline()
            bounds.append(stream.tell())
    bounds.append(whole)
    return [(a, b) for a, b in pairwise(bounds) if a < b] or [(0, 0)]


def read_blocks(path: Path, first: int, last: int, lines: Lines | None = None) -> Iterator[Block]:
    """Lines of the bytes `first` to `last`, a block at a time; `lines` are the file's. Raises `OSError`.

    A column that one block has stays in the next ones, so that their schemas seldom differ.
    """
    known: pa.Schema | None = None
    lines = lines or Lines(path)
    with path.open("rb") as stream:
        stream.seek(first)
        while (at := stream.tell()) < last:
            data = stream.read(min(_BLOCK, last - at))
            data += stream.readline() if stream.tell() < last else b""
            if at == 0:
                data = data.removeprefix(b"\xef\xbb\xbf")
            table = _at_once(data, known) if data.strip() else pa.table({})
            if table is None:
                yield _line_by_line(str(path), at, data, known, lines)
            else:
                known = table.schema if data.strip() else known
                yield Block(table, [], 0, lines.places(at, stream.tell(), table.num_rows))


def _at_once(data: bytes, known: pa.Schema | None) -> pa.Table | None:
    """All lines of a block by Arrow's own reader; None where it cannot take them as they are."""
    if bottomless(data):
        return None
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    for schema in [known, None] if known else [None]:
        try:
            table = pyarrow.json.read_json(pa.BufferReader(data), reading, _parsing(schema))
            if any(map(deep, table.schema.types)):
                return None
            texts = undated(table.schema)
            if texts != table.schema:  # it took texts for dates
                table = pyarrow.json.read_json(pa.BufferReader(data), reading, _parsing(texts))
            table.validate(full=True)
            return None if any_rounded(data, table.schema) else storable(table)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return None


def _parsing(schema: pa.Schema | None) -> pyarrow.json.ParseOptions:
    return pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer")


def _line_by_line(name: str, begin: int, data: bytes, known: pa.Schema | None, lines: Lines) -> Block:
    """Lines that are no JSON object are put aside, half characters mended; then again at once, if that is enough."""
    rows: list[_Line] = []
    unreadable: list[Unreadable] = []
    surrogates, first = 0, lines.first(begin)
    for number, line in enumerate(data.split(b"\n")):
        place = f"{valid(name)}:{first + number}"
        if not line.strip():
            continue
        try:
            record, broken = _record(line)
        except ValueError as error:
            unreadable.append(Unreadable(place, str(error), line))
            continue
        surrogates += broken
        rows.append(_Line(number, place, record, orjson.dumps(record) if broken else line))
    table = _at_once(b"\n".join(row.line for row in rows), known) if rows else pa.table({})
    if table is None or table.num_rows != len(rows):
        rows, odd = _agreeing(rows)
        unreadable += odd
        table = storable(table_of([row.record for row in rows]))
    return Block(table, unreadable, surrogates, lines.listed(begin, [row.number for row in rows]))


def _record(line: bytes) -> tuple[dict[str, Any], bool]:
    """A line's object, and whether it held half characters. Raises `ValueError` with the end of a sentence."""
    try:
        record, whole = _parsed(line)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if not isinstance(record, dict):
        raise ValueError("is no JSON object")
    if _nested(record, DEEPEST + 1):
        raise ValueError(_TOO_DEEP)
    mended = record if whole else with_texts(record, valid)
    return mended, mended != record


def _parsed(line: bytes) -> tuple[Any, bool]:
    """A line's value, and whether it is UTF-8 without half characters. Raises `ValueError`, `RecursionError`."""
    try:
        value = orjson.loads(line)
        return (json.loads(line) if LONG_NUMBER.search(line) else value), True  # beyond 64 bits it rounds
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(line.decode("utf-8", "surrogateescape")), False
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg.lower()} at its character {error.pos + 1}") from None
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None


_TOO_DEEP = "is nested too deeply"


def _nested(value: Any, levels: int) -> bool:
    """Whether it has more levels than that."""
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_nested(one, levels - 1) for one in inside)


def _agreeing(rows: Sequence[_Line]) -> tuple[list[_Line], list[Unreadable]]:
    """Rows whose columns are of the kinds that most rows have, and the others."""
    seen: dict[str, Counter[str]] = {}
    for row in rows:
        for name, value in row.record.items():
            if value is not None:
                seen.setdefault(name, Counter())[_outer(value)] += 1
    most = {name: counter.most_common(1)[0][0] for name, counter in seen.items()}
    kept: list[_Line] = []
    odd: list[Unreadable] = []
    inner: dict[str, _Kind] = {}
    for row in rows:
        wrong = next((n for n, v in row.record.items() if v is not None and _outer(v) != most[n]), None)
        if wrong is not None:
            odd.append(Unreadable(row.place, _outvoted(wrong, _outer(row.record[wrong]), seen[wrong]), row.line))
            continue
        try:
            own = _kind(row.record)
        except TypeError as error:
            odd.append(Unreadable(row.place, f"has {error} in the same list", row.line))
            continue
        try:
            inner = _merged(inner, own)
        except TypeError as error:
            odd.append(Unreadable(row.place, f"has {error} in the rows before it", row.line))
            continue
        kept.append(row)
    return kept, odd


def _outvoted(name: str, kind: str, seen: Mapping[str, int]) -> str:
    """Why a value is of the wrong kind: more rows have another, or as many have, the first of them earlier."""
    first = max(seen, key=lambda one: seen[one])
    share = "in as many rows, and first," if seen[first] == seen[kind] else "in more rows"
    return f"`{name}` is {kind}; {share} it is {first}"


def _outer(value: Any) -> str:
    kinds = {bool: "true or false", str: "text", int: "a number", float: "a number", dict: "a mapping", list: "a list"}
    return kinds[type(value)]


def _kind(value: Any) -> Any:
    """The shape of a value: a name, a mapping of shapes, or a list of one shape; None fits all."""
    if isinstance(value, dict):
        return {key: _kind(one) for key, one in value.items()}
    if isinstance(value, list):
        inner: Any = None
        for one in value:
            inner = _merged(inner, _kind(one))
        return [inner]
    return None if value is None else _outer(value)


def _merged(one: Any, two: Any) -> Any:
    """A shape that both fit. Raises `TypeError` with what does not fit."""
    if one is None or two is None:
        return two if one is None else one
    if isinstance(one, dict) and isinstance(two, dict):
        return one | {key: _merged(one.get(key), shape) for key, shape in two.items()}
    if isinstance(one, list) and isinstance(two, list):
        return [_merged(one[0], two[0])]
    if one != two:
        raise TypeError(f"{_named(two)} where {_named(one)} is")
    return one


def _named(shape: Any) -> str:
    return "a mapping" if isinstance(shape, dict) else "a list" if isinstance(shape, list) else str(shape)
