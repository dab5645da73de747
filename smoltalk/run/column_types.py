"""What type a published column has, told from every value in it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

from smoltalk.text import neutralise

if TYPE_CHECKING:
    import pyarrow as pa

PlainType: TypeAlias = Literal[
    "int", "float", "bool", "string", "list of string", "list of int", "list of float", "JSON"
]
"""`JSON` is a string that holds any value, for columns of mixed or nested types."""
ColumnType: TypeAlias = PlainType | Mapping[str, PlainType]
"""A mapping is a struct: the type of each of its fields."""

TOOLS = "tools"
"""Functions that a model may call, as JSON schemas: always a string of JSON, which TRL reads. A struct would give every
function the parameters of all others."""
TEMPLATE_OPTIONS = "chat_template_kwargs"
"""Options of the chat template: TRL hands a mapping's fields to the template as they stand."""

_EXACT = 2**53
"""Integers up to here are exact as 64-bit floats."""
_INT64 = 2**63


class Kinds:
    """Sees the values of some columns, row by row, then says their types."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._seen: dict[str, set[str]] = {column: set() for column in columns}
        self._options: dict[str, set[str]] = {}
        """The same for the fields of `chat_template_kwargs`."""

    def see(self, row: Mapping[str, Any]) -> None:
        """Take one row into account; columns it lacks are null."""
        for column, kinds in self._seen.items():
            value = row.get(column)
            kinds.add(_PLAIN.get(type(value)) or _kind(value))
            if column == TEMPLATE_OPTIONS and isinstance(value, dict):
                for name, one in value.items():
                    self._options.setdefault(str(name), set()).add(_PLAIN.get(type(one)) or _kind(one))

    def types(self) -> dict[str, ColumnType]:
        """The narrowest type that holds every value seen without loss; nulls fit every type."""
        found: dict[str, ColumnType] = {column: _type(kinds - {"null"}) for column, kinds in self._seen.items()}
        if TOOLS in found:
            found[TOOLS] = "JSON"
        if self._options and self._seen[TEMPLATE_OPTIONS] <= {"mapping", "null"}:
            found[TEMPLATE_OPTIONS] = {name: _type(kinds - {"null"}) for name, kinds in self._options.items()}
        return found


_PLAIN: dict[type, str] = {type(None): "null", bool: "bool", str: "string", float: "float"}


def _kind(value: Any) -> str:
    match value:
        case int():
            return "int" if abs(value) <= _EXACT else "wide" if -_INT64 <= value < _INT64 else "JSON"
        case []:
            return "list"
        case list() if all(isinstance(item, str) for item in value):
            return "list of string"
        case list() if all(item is None for item in value):
            return "nulls"
        case list() if all(item is None or type(item) in (int, float) for item in value):
            inner = _type({_PLAIN.get(type(item)) or _kind(item) for item in value} - {"null"})
            return f"list of {inner}" if inner in ("int", "float") else "JSON"
        case dict():
            return "mapping"
    return "JSON"


def _type(kinds: set[str]) -> PlainType:
    if not kinds:
        return "string"
    if kinds <= {"int", "wide"}:
        return "int"
    if kinds <= {"int", "float"}:
        return "float"
    if kinds <= {"list", "list of string"}:
        return "list of string"
    if kinds <= {"list", "nulls", "list of int"} and "list of int" in kinds:
        return "list of int"
    if kinds <= {"list", "nulls", "list of int", "list of float"}:
        return "list of float"
    return "bool" if kinds == {"bool"} else "string" if kinds == {"string"} else "JSON"


def arrow(kind: ColumnType) -> "pa.DataType":
    """The Arrow type of a column."""
    import pyarrow as pa

    if isinstance(kind, Mapping):
        return pa.struct([(name, arrow(inner)) for name, inner in kind.items()])
    return {
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "string": pa.string(),
        "list of string": pa.list_(pa.string()),
        "list of int": pa.list_(pa.int64()),
        "list of float": pa.list_(pa.float64()),
        "JSON": pa.string(),
    }[kind]


def named(kind: ColumnType) -> str:
    """The type in words."""
    if isinstance(kind, Mapping):
        return "a mapping of " + ", ".join(f"{name} ({inner})" for name, inner in kind.items())
    return f"{kind} (a string)" if kind == "JSON" else kind


def fit(value: Any, kind: ColumnType) -> Any:
    """The value as its column's type takes it; text comes out without control tokens."""
    if isinstance(kind, Mapping):
        return {name: fit((value or {}).get(name), inner) for name, inner in kind.items()}
    if value is None or kind in ("int", "float", "bool", "list of int", "list of float"):
        return value
    if kind == "string":
        return clean(value)
    if kind == "JSON":
        return clean(orjson.dumps(value).decode())
    return [clean(item) for item in value]


def clean(text: str) -> str:
    """`neutralise` for text out of run.db: that is UTF-8 already, so few texts need a close look."""
    return neutralise(text) if "<" in text or "[" in text or "\0" in text else text
