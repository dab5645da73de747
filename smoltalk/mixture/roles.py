"""Who speaks a turn: the names that datasets have for speakers, and ours."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from smoltalk.decontamination.columns import buffers
from smoltalk.words.compiled import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROLES = ("system", "user", "assistant", "tool")
"""Ours; a speaker's code is its place here."""
SYSTEM, USER, ASSISTANT, TOOL = range(4)
UNKNOWN = -1

NAMES: dict[str, int] = {
    "system": SYSTEM, "developer": SYSTEM, "user": USER, "human": USER, "prompter": USER,
    "assistant": ASSISTANT, "gpt": ASSISTANT, "chatgpt": ASSISTANT, "model": ASSISTANT, "bot": ASSISTANT,
    "tool": TOOL, "function": TOOL, "function_response": TOOL, "function-response": TOOL, "observation": TOOL,
    "ipython": TOOL,
}  # fmt: skip
"""OpenAI's, ShareGPT's, Gemma's, Open Assistant's, Llama's and LLaMA-Factory's, whatever their case."""

_START, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_LONGEST = max(map(len, NAMES))


def code_of(name: object) -> int:
    """The speaker's code, `UNKNOWN` for a stranger."""
    return NAMES.get(name.lower(), UNKNOWN) if isinstance(name, str) else UNKNOWN


def codes_of(names: "pa.Array") -> "NDArray[np.int8]":
    """Of each name in a column of texts; null is unknown."""
    codes = np.full(len(names), UNKNOWN, np.int8)
    there = np.ones(len(names), np.bool_)
    if names.null_count:
        there = names.is_valid().to_numpy(zero_copy_only=False)
    data, offsets = buffers(names)
    _look_up(data, offsets, there, _TABLE, _CODES, _LONGEST, codes)
    return codes


def names_of(codes: "NDArray[np.int8]") -> "pa.Array":
    """Our names of speakers that are known."""
    return pa.array(ROLES, pa.string()).take(pa.array(codes))


@inlined
def _hash(data: Any, first: Any, last: Any) -> Any:
    value = _START
    for place in range(first, last):
        byte = data[place]
        if 65 <= byte <= 90:
            byte |= np.uint8(32)
        value = (value ^ np.uint64(byte)) * _PRIME
    return value


@compiled
def _look_up(data: Any, offsets: Any, there: Any, table: Any, known: Any, longest: int, codes: Any) -> None:
    for turn in range(len(codes)):
        if there[turn] and offsets[turn + 1] - offsets[turn] <= longest:
            value = _hash(data, offsets[turn], offsets[turn + 1])
            for place in range(len(table)):
                if table[place] == value:
                    codes[turn] = known[place]
                    break


def _hashes() -> "NDArray[np.uint64]":
    """Of the names as `_hash` makes them (FNV-1a, Fowler, Noll and Vo 1991), in Python: nothing is compiled yet."""
    found = []
    for name in NAMES:
        value = int(_START)
        for byte in name.encode():
            value = (value ^ byte) * int(_PRIME) % 2**64
        found.append(value)
    return np.array(found, np.uint64)


_TABLE, _CODES = _hashes(), np.array(list(NAMES.values()), np.int8)
