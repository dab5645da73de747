"""Conversations with function calls in one column: every turn as a JSON object."""

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_OTHERS = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]"
"""Characters that JSON has to escape and texts seldom hold."""


def called(messages: pa.ListArray, calls: pa.StringArray) -> pa.ListArray:
    """`messages` and `calls` of a `Piece.batch` as one `list<string>` column, a JSON object a turn: the storage of
    `list<json>`. A turn has the keys it needs and no others."""
    turns = messages.flatten()
    roles, contents = turns.flatten()
    around = [pa.scalar(text, pa.large_string()) for text in ('{"role":"', '","content":"', '"}', "")]
    said = pc.binary_join_element_wise(
        around[0], roles.cast(pa.large_string()), around[1], _escaped(contents), *around[2:]
    ).cast(pa.string())
    bounds = np.zeros(len(messages) + 1, np.int32)
    np.cumsum(pc.list_value_length(messages).fill_null(0).to_numpy(zero_copy_only=False), out=bounds[1:])
    return pa.ListArray.from_arrays(pa.array(bounds), _with_calls(said, bounds.tolist(), calls), pa.list_(pa.string()))


def _with_calls(said: pa.Array, bounds: list[int], calls: pa.Array) -> pa.Array:
    """The turns, those of rows with calls in full."""
    mask = np.zeros(len(said), np.bool_)
    new: list[str] = []
    for row in np.flatnonzero(calls.is_valid().to_numpy(zero_copy_only=False)).tolist():
        for turn, more in enumerate(orjson.loads(calls[row].as_py()), bounds[row]):
            if more:
                mask[turn] = True
                new.append(orjson.dumps(orjson.loads(said[turn].as_py()) | more).decode())
    return pc.replace_with_mask(said, pa.array(mask), pa.array(new, said.type)) if new else said


def _escaped(texts: pa.Array) -> pa.Array:
    """Texts as they stand between the quotes of JSON."""
    odd = pc.match_substring_regex(texts, _OTHERS)
    plain = texts.cast(pa.large_string())
    for character, escape in _ESCAPES:
        plain = pc.replace_substring(plain, character, escape)
    if not pc.any(odd).as_py():
        return plain
    said = [orjson.dumps(text).decode()[1:-1] for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(plain, odd, pa.array(said, plain.type))
