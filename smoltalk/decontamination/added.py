"""Columns that we add to rows: marked, so that the parts of a call agree on their names whatever the input has."""

from collections.abc import Iterable

import pyarrow as pa

_MARK = b"smoltalk.added"
"""In the metadata of a field of ours: its name before any `_`."""


def unmarked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of the input, where a column that an earlier call added is one like any other."""
    if not any(_MARK in (field.metadata or ()) for field in batch.schema):
        return batch
    fields = [field.with_metadata(_others(field)) for field in batch.schema]
    return pa.RecordBatch.from_arrays(batch.columns, schema=pa.schema(fields, batch.schema.metadata))


def added(rows: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    """Rows with one more column, called `name`, or with `_` behind it where these have such a column already."""
    field = pa.field(_free(name, rows.schema.names), values.type, metadata={_MARK: name.encode()})
    return rows.append_column(field, values)


def ours(schema: pa.Schema) -> dict[str, str]:
    """What we added: the names there by ours."""
    return {field.metadata[_MARK].decode(): field.name for field in schema if _MARK in (field.metadata or ())}


def agreed(schemas: Iterable[pa.Schema]) -> list[pa.Schema]:
    """The schemas with one name for each column of ours, which no other column of any of them has."""
    listed = list(schemas)
    taken = {field.name for schema in listed for field in schema if _MARK not in (field.metadata or ())}
    return [pa.schema([_renamed(field, taken) for field in schema]) for schema in listed]


def _renamed(field: pa.Field, taken: set[str]) -> pa.Field:
    own = (field.metadata or {}).get(_MARK)
    return field if own is None else field.with_name(_free(own.decode(), taken))


def _free(name: str, taken: Iterable[str]) -> str:
    names = set(taken)
    while name in names:
        name += "_"
    return name


def _others(field: pa.Field) -> dict[bytes, bytes]:
    return {key: value for key, value in (field.metadata or {}).items() if key != _MARK}
