"""Columns that a mixture keeps beside its conversations: few types, and one that holds what two sources have."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.mixture.contents import Mended, neutralised, utf8
from smoltalk.mixture.plain import Column, arrow, is_list, is_text, sound, values
from smoltalk.text import neutralise

_JSON, _WIDE = {b"json": b"1"}, {b"wide": b"1"}
"""What a field says of itself: its texts are JSON; its integers are not all exact as 64-bit floats."""
_EXACT = 2**53
_LISTS = (pa.string(), pa.int64(), pa.float64())


def kept(name: str, column: Column | None, rows: int) -> tuple[pa.Array, pa.Field]:
    """A column in one of the types that `reading.Piece` names, its texts neutralised; None is a column of nulls."""
    if column is None:
        return pa.nulls(rows), pa.field(name, pa.null())
    array = pa.array(column) if isinstance(column, list) and _plain(column) else column
    if isinstance(array, list):
        return _as_json(name, array)
    array = arrow(array)
    kind = array.type
    if is_text(kind):
        return _texts(array), pa.field(name, pa.string())
    if pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return array, pa.field(name, kind)
    if pa.types.is_floating(kind):
        array = array.cast(pa.float64())
        return pc.if_else(pc.is_finite(array), array, pa.scalar(None, pa.float64())), pa.field(name, pa.float64())
    if pa.types.is_integer(kind) and (kind != pa.uint64() or (pc.max(array).as_py() or 0) < 2**63):
        array = array.cast(pa.int64())
        return array, pa.field(name, pa.int64(), metadata=_WIDE if _wide(array) else None)
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        return _said(array), pa.field(name, pa.string())
    if is_list(kind) and (inner := _inner(kind.value_type)) is not None:
        return _lists(array, inner), pa.field(name, pa.list_(inner))
    return _as_json(name, values(array))


def unified(fields: Iterable[pa.Field]) -> pa.Field:
    """The narrowest field that holds the values of all of them: `Piece.batch`'s fields of one name."""
    every = list(fields)
    some = [field for field in every if not pa.types.is_null(field.type)]
    if not some:
        return pa.field(every[0].name, pa.string())
    name, kinds = some[0].name, {field.type for field in some}
    wide = any(b"wide" in (field.metadata or {}) for field in some)
    if any(is_json(field) for field in some):
        return pa.field(name, pa.string(), metadata=_JSON)
    if len(kinds) == 1:
        return pa.field(name, some[0].type, metadata=_WIDE if wide else None)
    if kinds == {pa.int64(), pa.float64()} and not wide:
        return pa.field(name, pa.float64())
    if kinds == {pa.list_(pa.int64()), pa.list_(pa.float64())}:
        return pa.field(name, pa.list_(pa.float64()))
    return pa.field(name, pa.string(), metadata=_JSON)


def fitted(array: pa.Array, field: pa.Field, to: pa.Field) -> pa.Array:
    """Values of a column `field` as those of a `unified` one. Texts become JSON texts where `to` is JSON."""
    if pa.types.is_null(field.type):
        return pa.nulls(len(array), to.type)
    if is_json(to) and not is_json(field):
        return _json(array.to_pylist())
    return array if array.type == to.type else array.cast(to.type, safe=False)


def is_json(field: pa.Field) -> bool:
    """Whether the field's texts are JSON."""
    return b"json" in (field.metadata or {})


def readable(texts: pa.Array) -> Mended:
    """Texts in any form as `string`, valid and neutralised."""
    sure = utf8(arrow(texts))
    clean = neutralised(sure.texts)
    return Mended(clean.texts.cast(pa.string()), np.union1d(sure.changed, clean.changed))


def _texts(array: pa.Array) -> pa.Array:
    return readable(array).texts


def _said(array: pa.Array) -> pa.Array:
    """Times as ISO 8601 writes them, exact numbers as they are."""
    if pa.types.is_timestamp(array.type) or pa.types.is_duration(array.type):
        return pa.array([one if one is None else str(one).replace(" ", "T") for one in _times(array)], pa.string())
    return array.cast(pa.string())


def _times(array: pa.Array) -> list[Any]:
    try:
        return [one.isoformat() if hasattr(one, "isoformat") else one for one in array.to_pylist()]
    except (ValueError, OverflowError):  # a year that Python does not have
        return list(array.cast(pa.int64()).to_pylist())


def _wide(array: pa.Array) -> bool:
    bounds = pc.min_max(array).as_py()
    return bounds["min"] is not None and (bounds["min"] < -_EXACT or bounds["max"] > _EXACT)


def _inner(kind: pa.DataType) -> pa.DataType | None:
    if is_text(kind):
        return pa.string()
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else None


def _lists(array: pa.Array, inner: pa.DataType) -> pa.Array:
    lengths = pc.list_value_length(array)
    flat = arrow(pc.list_flatten(array))
    flat = readable(flat).texts if inner == pa.string() else flat.cast(inner)
    bounds = np.zeros(len(array) + 1, np.int32)
    np.cumsum(lengths.fill_null(0).to_numpy(zero_copy_only=False), out=bounds[1:])
    missing = np.append(array.is_null().to_numpy(zero_copy_only=False), False)
    return pa.ListArray.from_arrays(pa.array(bounds, mask=missing), flat, pa.list_(inner))


_PLAIN = ({bool}, {str}, {int}, {int, float}, {float})


def _plain(column: Sequence[Any]) -> bool:
    """Whether values out of JSON are of one kind that Arrow has a type for, or lists of one."""
    kinds = {type(value) for value in column} - {type(None)}
    if kinds == {list}:
        inner = [one for value in column for one in value or ()]
        return None not in inner and not any(isinstance(one, list | bool) for one in inner) and _plain(inner)
    return not kinds or (kinds in _PLAIN and all(-(2**63) <= one < 2**63 for one in column if type(one) is int))


def _as_json(name: str, column: Sequence[Any]) -> tuple[pa.Array, pa.Field]:
    return _json(column), pa.field(name, pa.string(), metadata=_JSON)


def _json(column: Sequence[Any]) -> pa.Array:
    return pa.array([None if one is None else neutralise(_dumped(one)) for one in column], pa.string())


def _dumped(value: Any) -> str:
    options = orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, option=options, default=str).decode()
    except TypeError:  # half characters, wide integers
        import json

        return json.dumps(sound(value)[0], ensure_ascii=False, default=str)
