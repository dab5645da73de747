"""What a row is, how it gets its name, and how it becomes training text.

A row knows its columns, never its training format: `conversation` is the only bridge.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import orjson

from smoltalk.text import neutralise

Row = dict[str, Any]
"""Columns by name. Always has `id`; `index` lives in the ledger, not in the row."""


class Message(TypedDict):
    """One turn of a conversation, as TRL and every chat template expect it."""

    role: Literal["system", "user", "assistant"]
    content: str


Conversation = Sequence[Message]


def row_id(pipeline: str, index: int, columns: Row) -> str:
    """A stable 16-hex name from where the row came from: pipeline, index in the source, what the source says of it.

    Lines added to a file name no other line anew; a line that is edited gives another row.
    """
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    try:
        said = orjson.dumps(columns, option=options, default=str)
    except TypeError:  # text that is no UTF-8, or keys of mixed kinds
        said = repr(sorted(columns.items(), key=lambda item: str(item[0]))).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(f"{pipeline}\0{index}\0".encode() + said, digest_size=8).hexdigest()


def message(role: Literal["system", "user", "assistant"], content: str) -> Message:
    """One turn whose content holds no control tokens."""
    return {"role": role, "content": neutralise(content)}


def conversation(row: Mapping[str, Any]) -> list[Message]:
    """The row as a conversation: its `messages`, or `instruction` and `response` as one exchange."""
    if row.get("messages"):
        return list(row["messages"])
    turns: list[Message] = []
    if row.get("instruction"):
        turns.append({"role": "user", "content": neutralise(row["instruction"])})
    if row.get("response"):
        turns.append({"role": "assistant", "content": neutralise(row["response"])})
    return turns
