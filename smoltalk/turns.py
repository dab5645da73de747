"""Turns out of what stands in columns, and out of what engines reply."""

from typing import Any

from smoltalk.contracts import Role
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


def spoken_column(of: str) -> str:
    """The column that `of` of a step which looks at what was said means: `conversation` is the row's `messages`."""
    return "messages" if of == "conversation" else of


def spoken_turns(row: Row, of: str, prompt: str | None, speaker: Role, to: str) -> list[Message]:
    """What was said in `of`, behind what was asked in `prompt`: each a conversation, or a text, `of` the speaker's.

    Raises `RowFailed` (`missing`) where one of them holds nothing `to` judge, score, ...
    """
    column = spoken_column(of)
    said, asked = row[column], row[prompt] if prompt else None
    for name, value in ((column, said), (prompt, asked)):
        if name and not value:
            raise RowFailed("missing", f"column `{name}` holds nothing to {to}")
    return [*_as_turns(asked, "user"), *_as_turns(said, speaker)]


def _as_turns(value: Any, speaker: Role) -> list[Message]:
    return [message(speaker, value)] if isinstance(value, str) else list(value or [])


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
