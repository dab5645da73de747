"""The texts of a batch's columns as one buffer, and where in its row each of them stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.text import strings
from smoltalk.words import Texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CONTENT = ("content", "value", "text")
"""What a turn, or a part of one, calls its text; a mapping with none of them gives all its texts."""
_ROLE = ("role", "from")
_LABELS = ("type", "id", "name", "tool_call_id", "image_url")
"""What stands beside the text of a turn or part and is none; all other fields are read, as `reasoning_content`."""
_CALLS = ("tool_calls", "function_call")
"""What a turn calls the calls it makes: their arguments are read as well, a JSON text or a mapping."""


_DEEP = 50
"""Mappings and lists in each other up to which names count; deeper ones only hide text, and give all of it."""


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
            if len(leaf.texts):
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
    return Placed(Texts(*buffers(texts), starts), column, turns)


def spoken(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts of one value of a column, or of a turn, as `placed` finds them: for rows that are in no batch."""
    if isinstance(value, str):
        yield value
    elif depth > _DEEP:
        yield from strings(value)
    elif isinstance(value, Mapping):
        named = [key for key in _CONTENT if key in value]
        beside = {*named, *_ROLE, *(_LABELS if named else ())}
        for key in (*named, *(key for key in value if key not in beside)):
            yield from _called(value[key]) if key in _CALLS else spoken(value[key], depth + 1)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from spoken(one, depth + 1)


def said_by(value: Any) -> str:
    """All texts of one value of a column as one, as they are embedded."""
    return "\n".join(spoken(value))


def _called(value: Any) -> Iterator[str]:
    """What the arguments of a call, or of a list of them, say."""
    for call in value if isinstance(value, list | tuple) else (value,):
        inside = call.get("function", call) if isinstance(call, Mapping) else call
        waiting = [inside.get("arguments", inside) if isinstance(inside, Mapping) else inside]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                yield said_in(one.encode("utf-8", "replace"))
            elif isinstance(one, Mapping | list | tuple):
                waiting += reversed(list(one.values()) if isinstance(one, Mapping) else one)


def role_of(value: Any, turn: int) -> str:
    """Who speaks a turn of a column's Python value; empty where it does not say."""
    if isinstance(value, list) and 0 <= turn < len(value) and isinstance(value[turn], dict):
        for name in _ROLE:
            if isinstance(role := value[turn].get(name), str):
                return role
    return ""


def parents_of(lists: pa.Array) -> "NDArray[np.int64]":
    """The list of each value of `pc.list_flatten`: what lies beneath a null is passed over, as there."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.repeat(np.arange(len(lists)), lengths)


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
    beside = {*_ROLE, *_LABELS} if named else set(_ROLE)
    return [*named, *(at for at in range(kind.num_fields) if at not in named and kind.field(at).name not in beside)]


def _leaves(
    array: pa.Array, rows: "NDArray[np.int64]", turns: "NDArray[np.int64]", top: bool = False
) -> Iterator[_Leaf]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if _is_list(kind):
        parents = parents_of(array)
        inside = np.arange(len(parents)) - np.searchsorted(parents, parents) if top else turns[parents]
        yield from _leaves(pc.list_flatten(array), rows[parents], inside)
    elif pa.types.is_struct(kind):
        parts = array.flatten()
        for number in _fields(kind):
            inside_of = _calls if kind.field(number).name in _CALLS else _leaves
            yield from inside_of(parts[number], rows, turns)
    elif _is_text(kind):
        if pa.types.is_string_view(kind):
            array = array.cast(pa.large_string())
        if array.null_count:
            there = array.is_valid().to_numpy(zero_copy_only=False)
            array, rows, turns = array.drop_null(), rows[there], turns[there]
        yield _Leaf(array, rows, turns)


def _calls(array: pa.Array, rows: "NDArray[np.int64]", turns: "NDArray[np.int64]") -> Iterator[_Leaf]:
    """The arguments of calls, `function.arguments` or `arguments`; of what is neither, all."""
    kind = array.type
    if _is_list(kind):
        parents = parents_of(array)
        yield from _calls(pc.list_flatten(array), rows[parents], turns[parents])
        return
    if pa.types.is_struct(kind):
        for name in ("function", "arguments"):
            if (at := kind.get_field_index(name)) >= 0:
                inside_of = _calls if name == "function" else _all
                yield from inside_of(array.flatten()[at], rows, turns)
                return
    yield from _all(array, rows, turns)


def _all(array: pa.Array, rows: "NDArray[np.int64]", turns: "NDArray[np.int64]") -> Iterator[_Leaf]:
    """Every text, whatever its field is called."""
    kind = array.type
    if _is_list(kind):
        parents = parents_of(array)
        yield from _all(pc.list_flatten(array), rows[parents], turns[parents])
    elif pa.types.is_struct(kind):
        for part in array.flatten():
            yield from _all(part, rows, turns)
    else:
        for leaf in _leaves(array, rows, turns):
            said = [said_in(text) for text in leaf.texts.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()]
            yield leaf._replace(texts=pa.array(said, pa.large_string()))


def said_in(text: bytes) -> str:
    """The texts in a JSON text, so that an escape hides no word; any other text as it is."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.decode("utf-8", "replace")
    waiting, found = [value], []
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict | list):
            waiting += reversed(list(one.values()) if isinstance(one, dict) else one)
    return "\n".join(found) if isinstance(value, dict | list | str) else text.decode()


def buffers(texts: pa.Array) -> "tuple[NDArray[np.uint8], NDArray[np.int64]]":
    """The bytes of texts (`string`, `large_string`), and where each begins in them. A null's are whatever is there."""
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
