"""Turns out of what stands in columns, and out of what engines reply."""

from typing import Any

from smoltalk.errors import BadReply, RowFailed
from smoltalk.requests import Reply
from smoltalk.rows import Message, Row, message
from smoltalk.text import neutralise


def prompt_turns(value: Any, column: str) -> list[Message]:
    """A prompt as turns: a text is what the user says, a list is a conversation.

    Raises `RowFailed`: `missing` where there is none, `not_a_prompt` for anything else.
    """
    if isinstance(value, str) and value.strip():
        return [message("user", value)]
    if not value or isinstance(value, str):
        raise RowFailed("missing", f"column `{column}` holds nothing to answer")
    if not isinstance(value, list) or not all(isinstance(t, dict) and isinstance(t.get("content"), str) for t in value):
        raise RowFailed("not_a_prompt", f"column `{column}` holds neither a text nor a conversation")
    return list(value)


def turn_text(row: Row, column: str) -> str:
    """The column's text, without white space around it. Raises `RowFailed` (`missing`)."""
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise RowFailed("missing", f"column `{column}` holds no text to be a turn")
    return value.strip()


def reply_text(reply: Reply) -> str:
    """The whole reply as a text that holds no control tokens. Raises `BadReply`: `truncated` or `empty`."""
    if reply.finish == "length":
        raise BadReply("truncated", f"cut off after {reply.tokens_out} tokens")
    text = neutralise(reply.text.strip())
    if not text:
        raise BadReply("empty", "nothing was said")
    return text
