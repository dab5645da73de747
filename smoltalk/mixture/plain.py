"""Columns as plain Python values, for the few rows that compiled code cannot take; nothing in them stops it."""

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from smoltalk.mixture.contents import decoded
from smoltalk.text import valid, with_texts

Column: TypeAlias = pa.Array | list[Any]
"""Of a stretch: in Arrow, or where a file mixes types, as the values of its lines."""


def values(column: Column) -> list[Any]:
    """A value a row: mappings as `dict`; bytes that are no UTF-8 are replaced."""
    if isinstance(column, list):
        return column
    try:
        found = column.to_pylist()
    except UnicodeDecodeError:
        found = column.cast(_raw(column.type)).to_pylist()
    return [_plain(one) for one in found] if _odd(column.type) or _nested(column.type) else found


def taken(column: Column, rows: NDArray[np.int64]) -> Column:
    """The column of some of its rows."""
    if isinstance(column, list):
        return [column[row] for row in rows.tolist()]
    return column.take(pa.array(rows))


def arrow(column: pa.Array) -> pa.Array:
    """The column without what only saves space, dictionaries and views, or only names its values: JSON is its text."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string_view(column.type):
        return column.cast(pa.binary_view()).cast(pa.large_binary()).view(pa.large_string())
    return column


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type are texts, one way or another."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether values of a type are lists, one way or another."""
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


def sound(value: Any) -> tuple[Any, bool]:
    """A JSON value whose texts can be written as UTF-8, and whether it was another before."""
    mended = with_texts(value, valid)
    return mended, mended != value


def _nested(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) or pa.types.is_map(kind) or is_list(kind)


def _odd(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or is_text(kind))


def _raw(kind: pa.DataType) -> pa.DataType:
    """The type with bytes in the place of texts, however deep."""
    if pa.types.is_dictionary(kind):
        return _raw(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _raw(one.type)) for one in kind])
    if pa.types.is_map(kind):
        return pa.map_(_raw(kind.key_type), _raw(kind.item_type))
    if is_list(kind):
        return pa.large_list(_raw(kind.value_type)) if pa.types.is_large_list(kind) else pa.list_(_raw(kind.value_type))
    return pa.large_binary() if is_text(kind) else kind


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return decoded(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(one, tuple) and len(one) == 2 for one in value):  # a map
            return {str(_plain(key)): _plain(one) for key, one in value}
        return [_plain(one) for one in value]
    return value
