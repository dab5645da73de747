"""JSON that Parquet has no type for, or that is nested too deeply to be read."""

import orjson
import pyarrow as pa

DEEPEST = 40
"""Lists and mappings in each other up to which a value is a column: Parquet takes some 50 lists, and no more."""
_BRACKETS = 4_000
"""What a line must hold to be nested so deeply that Arrow's reader would end the process."""


def bottomless(data: bytes) -> bool:
    """Whether a line is nested too deeply to be given to Arrow's reader."""
    return any(
        len(line) > 2 * _BRACKETS and line.count(b"{") + line.count(b"[") > _BRACKETS and not _loads(line)
        for line in data.split(b"\n")
    )


def _loads(line: bytes) -> bool:
    try:
        orjson.loads(line)  # takes 1,024 levels
    except orjson.JSONDecodeError:
        return False
    return True


def deep(kind: pa.DataType, levels: int = DEEPEST) -> bool:
    """Whether values of a type have more levels than a column may."""
    if pa.types.is_struct(kind):
        return levels == 0 or any(deep(one.type, levels - 1) for one in kind)
    return bool(pa.types.is_list(kind)) and (levels == 0 or deep(kind.value_type, levels - 1))


def storable(table: pa.Table) -> pa.Table:
    """A table with null for mappings in which no row has a field: Parquet has no type for these."""
    for at, field in enumerate(table.schema):
        if _fieldless(field.type):
            array = _storable(table.column(at).combine_chunks())
            table = table.set_column(at, pa.field(field.name, array.type), array)
    return table


def _fieldless(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return not kind.num_fields or any(_fieldless(one.type) for one in kind)
    return bool(pa.types.is_list(kind)) and _fieldless(kind.value_type)


def _storable(array: pa.Array) -> pa.Array:
    if not _fieldless(array.type):
        return array
    if pa.types.is_list(array.type):
        return pa.ListArray.from_arrays(array.offsets, _storable(array.values), mask=array.is_null())
    fields = [_storable(array.field(at)) for at in range(array.type.num_fields)]
    names = [one.name for one in array.type]
    return pa.StructArray.from_arrays(fields, names, mask=array.is_null()) if fields else pa.nulls(len(array))
