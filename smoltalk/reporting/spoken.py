"""The turns of a batch as flat arrays: who says what in which row."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.decontamination.columns import parents_of
from smoltalk.text import neutralise

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROLES = ("system", "user", "assistant", "tool")
PARTS = ("messages", "prompt", "chosen", "rejected")
"""Columns that hold turns."""
_OTHER = len(ROLES)


class Spoken(NamedTuple):
    """Turn `t` is `contents[t]`, said by `roles[t]` in part `parts[t]` of row `rows[t]`; rows in order."""

    contents: pa.Array
    """Texts, none of them null."""
    roles: "NDArray[np.int8]"
    """Numbers in `ROLES`; any other speaker is past its end."""
    parts: "NDArray[np.int8]"
    """Numbers in `PARTS`."""
    rows: "NDArray[np.int64]"

    def buffers(self) -> "tuple[NDArray[np.uint8], NDArray[np.int64]]":
        """The texts' UTF-8, and the offsets of each."""
        kind = np.int64 if pa.types.is_large_string(self.contents.type) else np.int32
        _, offsets, data = self.contents.buffers()
        if not len(self.contents) or data is None:
            return np.empty(0, np.uint8), np.zeros(len(self.contents) + 1, np.int64)
        first = self.contents.offset
        return np.frombuffer(data, np.uint8), np.frombuffer(offsets, kind)[
            first : first + len(self.contents) + 1
        ].astype(np.int64)


def spoken(batch: pa.RecordBatch) -> Spoken:
    """All turns of a batch; of a pair the prompt's, then the chosen, then the rejected answer's."""
    found = [_part(batch.column(name), number) for number, name in enumerate(PARTS) if name in batch.schema.names]
    found = [one for one in found if len(one.rows)]
    if not found:
        none: NDArray[np.int8] = np.zeros(0, np.int8)
        return Spoken(pa.array([], pa.large_string()), none, none, np.zeros(0, np.int64))
    if len(found) == 1:
        return found[0]
    rows, parts = (np.concatenate([getattr(one, name) for one in found]) for name in ("rows", "parts"))
    order = np.lexsort((parts, rows))
    contents = pa.concat_arrays([one.contents.cast(pa.large_string()) for one in found]).take(pa.array(order))
    roles = np.concatenate([one.roles for one in found])
    return Spoken(contents, roles[order], parts[order], rows[order])


def _part(column: pa.Array, number: int) -> Spoken:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return _texts(column, number)
    rows, turns = parents_of(column).astype(np.int64), pc.list_flatten(column)
    if isinstance(turns, pa.ExtensionArray):
        turns = turns.storage
    if _is_text(turns.type):
        turns = _parsed(turns)
    if not pa.types.is_struct(turns.type):
        return _texts(pa.nulls(0, pa.string()), number)
    names = {turns.type.field(at).name for at in range(turns.type.num_fields)}
    if not {"role", "content"} <= names:
        return _texts(pa.nulls(0, pa.string()), number)
    roles = pc.index_in(pc.struct_field(turns, "role"), pa.array(ROLES)).fill_null(_OTHER)
    contents = pc.struct_field(turns, "content").fill_null("")
    return Spoken(
        contents, roles.to_numpy(zero_copy_only=False).astype(np.int8), np.full(len(rows), number, np.int8), rows
    )


def _texts(column: pa.Array, number: int) -> Spoken:
    """A column of plain texts: one turn a row, of a pair's prompt the user's."""
    there = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
    if not _is_text(column.type):
        there = there[:0]
        column = pa.nulls(0, pa.string())
    roles = np.full(len(there), ROLES.index("user" if PARTS[number] == "prompt" else "assistant"), np.int8)
    return Spoken(column.drop_null(), roles, np.full(len(there), number, np.int8), there)


def _parsed(turns: pa.Array) -> pa.Array:
    """Turns that are JSON objects: those with function calls, whose arguments are read as their words."""
    found = [said(_object(text)) for text in turns.to_pylist()]
    roles, contents = zip(*found, strict=True) if found else ((), ())
    kinds = [pa.field("role", pa.string()), pa.field("content", pa.large_string())]
    return pa.StructArray.from_arrays(
        [pa.array(roles, pa.string()), pa.array(contents, pa.large_string())], fields=kinds
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _object(text: str | None) -> Any:
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        return None


def said(turn: Any) -> tuple[str, str]:
    """Who speaks a turn and what is said: the content, and the calls it makes as JSON."""
    if not isinstance(turn, dict):
        return "", ""
    content = turn.get("content")
    text = content if isinstance(content, str) else "" if content is None else _json(content)
    if calls := turn.get("tool_calls"):
        text = f"{text}\n{_json(calls)}" if text else _json(calls)
    return str(turn.get("role") or ""), text


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def turns_of(row: Any) -> Iterator[tuple[str, str]]:
    """The turns of one row as Python has it; the answers of a pair are spoken by `chosen` and `rejected`."""
    for name in PARTS:
        value = row.get(name)
        whose = name if name in ("chosen", "rejected") else ""
        if isinstance(value, str) and name != "messages":
            yield whose or "user", neutralise(value)
        for turn in value if isinstance(value, list) else ():
            role, text = said(_object(turn) if isinstance(turn, str) else turn)
            yield whose or role, neutralise(text)
