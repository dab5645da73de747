"""JSON values as the file has them: what is written as a text stays one, and no number becomes another."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

LONG_NUMBER = re.compile(rb"[0-9]{16}")
"""What a line must hold for one of its integers to be no double (from 2^53 on)."""


def undated(schema: pa.Schema) -> pa.Schema:
    """A schema that Arrow inferred, with texts for what it took for dates, however deep."""
    return pa.schema([(one.name, _undated(one.type)) for one in schema])


def any_rounded(data: bytes, schema: pa.Schema) -> bool:
    """Whether lines of JSON hold an integer that is another number as one of this schema."""
    if not any(map(_floating, schema.types)) or not LONG_NUMBER.search(data):
        return False
    kind = pa.struct(list(schema))
    try:
        return any(_rounded(json.loads(line), kind) for line in data.split(b"\n") if LONG_NUMBER.search(line))
    except (ValueError, RecursionError):  # two rows in one line, say: each line must be looked at
        return True


def table_of(records: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows whose columns are of one kind each as a table."""
    names = dict.fromkeys(name for record in records for name in record)
    return pa.table({name: _column([record.get(name) for record in records]) for name in names})


def _undated(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([(one.name, _undated(one.type)) for one in kind])
    return pa.list_(_undated(kind.value_type)) if pa.types.is_list(kind) else kind


def _floating(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_floating(one.type) for one in kind)
    return _floating(kind.value_type) if pa.types.is_list(kind) else bool(pa.types.is_floating(kind))


def _rounded(value: Any, kind: pa.DataType) -> bool:
    if isinstance(value, dict) and pa.types.is_struct(kind):
        return any(_rounded(value.get(one.name), one.type) for one in kind)
    if isinstance(value, list) and pa.types.is_list(kind):
        return any(_rounded(one, kind.value_type) for one in value)
    return isinstance(value, int) and bool(pa.types.is_floating(kind)) and _another(value)


def _another(value: int) -> bool:
    try:
        return int(float(value)) != value
    except OverflowError:
        return True


def _column(values: list[Any]) -> pa.Array:
    """Values of one kind; where Arrow has no type for all of them, as for some numbers, JSON as text."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values])
