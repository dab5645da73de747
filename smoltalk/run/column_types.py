"""What type a published column has, told from every value in it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import orjson

from smoltalk.text import neutralise

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["int", "float", "bool", "string", "list of string", "JSON"]
"""`JSON` is a string that holds any value, for columns of mixed or nested types."""

_EXACT = 2**53
"""Integers up to here are exact as 64-bit floats."""
_INT64 = 2**63


class Kinds:
    """Sees the values of some columns, row by row, then says their types."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._seen: dict[str, set[str]] = {column: set() for column in columns}

    def see(self, row: Mapping[str, Any]) -> None:
        """Take one row into account; columns it lacks are null."""
        for column, kinds in self._seen.items():
            value = row.get(column)
            kinds.add(_PLAIN.get(type(value)) or _kind(value))

    def types(self) -> dict[str, ColumnType]:
        """The narrowest type that holds every value seen without loss; nulls fit every type."""
        return {column: _type(kinds - {"null"}) for column, kinds in self._seen.items()}


_PLAIN: dict[type, str] = {type(None): "null", bool: "bool", str: "string", float: "float"}


def _kind(value: Any) -> str:
    match value:
        case int():
            return "int" if abs(value) <= _EXACT else "wide" if -_INT64 <= value < _INT64 else "JSON"
        case list() if all(isinstance(item, str) for item in value):
            return "list of string"
    return "JSON"


def _type(kinds: set[str]) -> ColumnType:
    if not kinds:
        return "string"
    if kinds <= {"int", "wide"}:
        return "int"
    if kinds <= {"int", "float"}:
        return "float"
    for only in ("bool", "string", "list of string"):
        if kinds == {only}:
            return only
    return "JSON"


def arrow(kind: ColumnType) -> "pa.DataType":
    """The Arrow type of a column."""
    import pyarrow as pa

    return {
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "string": pa.string(),
        "list of string": pa.list_(pa.string()),
        "JSON": pa.string(),
    }[kind]


def fit(value: Any, kind: ColumnType) -> Any:
    """The value as its column's type takes it; text comes out without control tokens."""
    if value is None or kind in ("int", "float", "bool"):
        return value
    if kind == "string":
        return clean(value)
    if kind == "JSON":
        return clean(orjson.dumps(value).decode())
    return [clean(item) for item in value]


def clean(text: str) -> str:
    """`neutralise` for text out of run.db: that is UTF-8 already, so few texts need a close look."""
    return neutralise(text) if "<|" in text or "\0" in text else text
