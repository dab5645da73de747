"""Conversations without their system turns: rows that share a prompt, or the tools offered, are no duplicates yet."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.decontamination.columns import parents_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROLE = ("role", "from")
_SYSTEM = ("system", "developer")
_WRITTEN = rf'^\s*\{{\s*"(?:{"|".join(_ROLE)})":\s*"(?:{"|".join(_SYSTEM)})"'
"""How a turn begins that is a JSON text, as those of conversations with function calls are."""


def unprompted(value: Any) -> Any:
    """A column's Python value; of a conversation, its turns but those of the system."""
    return [turn for turn in value if not _is_system(turn)] if isinstance(value, list | tuple) else value


def unprompted_batch(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    """A batch whose `columns` hold conversations without the turns of the system; the others are as they were."""
    for name in columns:
        if name in batch.schema.names:
            at, column = batch.schema.get_field_index(name), batch.column(name)
            if (less := _without(column)) is not column:
                batch = batch.set_column(at, name, less)
    return batch


def _is_system(turn: Any) -> bool:
    if isinstance(turn, str):
        return re.match(_WRITTEN, turn) is not None
    return isinstance(turn, dict) and any(turn.get(name) in _SYSTEM for name in _ROLE)


def _without(column: pa.Array) -> pa.Array:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return column
    turns = pc.list_flatten(column)
    prompts = _prompts(turns)
    if not prompts.any():
        return column
    left = np.bincount(parents_of(column)[~prompts], minlength=len(column))
    offsets = pa.array(np.concatenate([[0], np.cumsum(left)]), pa.int64())
    return pa.LargeListArray.from_arrays(offsets, turns.filter(pa.array(~prompts)))


def _prompts(turns: pa.Array) -> "NDArray[np.bool_]":
    found = np.zeros(len(turns), np.bool_)
    if pa.types.is_string(turns.type) or pa.types.is_large_string(turns.type):
        found |= pc.match_substring_regex(turns, _WRITTEN).fill_null(False).to_numpy(zero_copy_only=False)
    for name in _ROLE if pa.types.is_struct(turns.type) else ():
        if (at := turns.type.get_field_index(name)) >= 0 and not pa.types.is_nested(turns.type.field(at).type):
            role = pc.struct_field(turns, name).cast(pa.string())
            found |= pc.is_in(role, pa.array(_SYSTEM)).to_numpy(zero_copy_only=False)
    return found
