"""The texts of a batch's columns as one buffer, and where in its row each of them stands."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.words import Texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CONTENT = ("content", "value", "text")
"""What a turn, or a part of one, calls its text; a mapping with none of them gives all its texts."""
_ROLE = ("role", "from")


class _Leaf(NamedTuple):
    """Texts of one column at one depth."""

    texts: pa.Array
    rows: "NDArray[np.int64]"
    turns: "NDArray[np.int64]"
    """Place in the column's list; -1 for a column that is no list."""


class Placed(NamedTuple):
    """Texts, and for each its column (a number) and turn."""

    texts: Texts
    columns: "NDArray[np.int64]"
    turns: "NDArray[np.int64]"


def text_columns(schema: pa.Schema, wanted: Sequence[str] = ()) -> list[str]:
    """Columns that hold texts or conversations, of those `wanted` or of all but `id`. Unknown ones are left out."""
    names = wanted or [name for name in schema.names if name != "id"]
    return [name for name in names if name in schema.names and _holds_text(schema.field(name).type)]


def placed(batch: pa.RecordBatch, columns: Sequence[str]) -> Placed:
    """All texts of these columns, row by row. A batch with one column of plain texts or turns is not copied."""
    leaves, owners = [], []
    for number, name in enumerate(columns):
        rows = np.arange(batch.num_rows, dtype=np.int64)
        for leaf in _leaves(batch.column(name), rows, np.full(batch.num_rows, -1, np.int64), top=True):
            leaves.append(leaf)
            owners.append(np.full(len(leaf.texts), number, np.int64))
    if not leaves:
        return Placed(
            Texts(_readonly(np.empty(0, np.uint8)), np.zeros(1, np.int64), np.zeros(batch.num_rows + 1, np.int64)),
            *[np.empty(0, np.int64)] * 2,
        )
    rows, turns, column = (
        np.concatenate([x.rows for x in leaves]),
        np.concatenate([x.turns for x in leaves]),
        np.concatenate(owners),
    )
    texts = leaves[0].texts if len(leaves) == 1 else pa.concat_arrays([x.texts.cast(pa.large_string()) for x in leaves])
    if len(leaves) > 1:
        order = np.lexsort((turns, column, rows))
        texts, rows, turns, column = texts.take(pa.array(order)), rows[order], turns[order], column[order]
    starts = np.searchsorted(rows, np.arange(batch.num_rows + 1)).astype(np.int64)
    return Placed(Texts(*_buffers(texts), starts), column, turns)


def role_of(value: Any, turn: int) -> str:
    """Who speaks a turn of a column's Python value; empty where it does not say."""
    if isinstance(value, list) and 0 <= turn < len(value) and isinstance(value[turn], dict):
        for name in _ROLE:
            if isinstance(role := value[turn].get(name), str):
                return role
    return ""


def ids_of(column: pa.Array) -> list[str | None]:
    """A column of ids as texts, None for null; bytes that are no UTF-8 become U+FFFD."""
    try:
        return [None if one is None else str(one) for one in column.to_pylist()]
    except UnicodeDecodeError:
        whole = column.cast(pa.large_string(), safe=False).cast(pa.large_binary()).to_pylist()
        return [None if one is None else one.decode("utf-8", "replace") for one in whole]


def _holds_text(kind: pa.DataType) -> bool:
    if _is_list(kind):
        return _holds_text(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_holds_text(kind.field(number).type) for number in _fields(kind))
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return _is_text(kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _fields(kind: pa.StructType) -> list[int]:
    named = [at for name in _CONTENT if (at := kind.get_field_index(name)) >= 0 and _holds_text(kind.field(at).type)]
    return named or [at for at in range(kind.num_fields) if kind.field(at).name not in _ROLE]


def _leaves(
    array: pa.Array, rows: "NDArray[np.int64]", turns: "NDArray[np.int64]", top: bool = False
) -> Iterator[_Leaf]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if _is_list(kind):
        parents = pc.list_parent_indices(array).to_numpy(zero_copy_only=False).astype(np.int64)
        inside = np.arange(len(parents)) - np.searchsorted(parents, parents) if top else turns[parents]
        yield from _leaves(pc.list_flatten(array), rows[parents], inside)
    elif pa.types.is_struct(kind):
        parts = array.flatten()
        for number in _fields(kind):
            yield from _leaves(parts[number], rows, turns)
    elif _is_text(kind):
        if pa.types.is_string_view(kind):
            array = array.cast(pa.large_string())
        if array.null_count:
            there = array.is_valid().to_numpy(zero_copy_only=False)
            array, rows, turns = array.drop_null(), rows[there], turns[there]
        yield _Leaf(array, rows, turns)


def _buffers(texts: pa.Array) -> "tuple[NDArray[np.uint8], NDArray[np.int64]]":
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return _readonly(np.empty(0, np.uint8)), np.zeros(len(texts) + 1, np.int64)
    at = np.frombuffer(offsets, kind)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return _readonly(np.frombuffer(data, np.uint8)), at


def _readonly(data: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """What can be written to is another type to compiled code, which would be compiled once more for it."""
    data.flags.writeable = False
    return data
