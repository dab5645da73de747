"""A reply that is a whole conversation, as turns, or as a complaint that says which turn is wrong.

Written as people write it (`User: ...`, `Assistant: ...`, each at the start of a line) or as a JSON list of
`{role, content}`. What stands before the first turn, and a fence around all of it, is not part of it.
"""

import json
import re
from typing import Any

from smoltalk.errors import BadReply
from smoltalk.prompts.json_in_text import json_values
from smoltalk.records import RecordError, turns
from smoltalk.rows import Message, message

_SPEAKERS = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "system": "system"}
_SPEAKER = re.compile(
    rf"^[ \t]*(?:[*_]{{1,3}}|\#{{1,6}}[ \t]+)?({'|'.join(_SPEAKERS)})(?:[*_]{{1,3}})?[ \t]*:[*_]{{0,3}}", re.I | re.M
)
_FENCE = re.compile(r"\A```[^\n`]*\n|\n?```[ \t]*\Z")
_FORM = "write each turn on a line of its own that begins with `User:` or `Assistant:`, the user first"


def dialogue(text: str) -> list[Message]:
    """The turns of a conversation: user and assistant alternate, the assistant has the last word, none is empty.

    Raises `BadReply`: `unparseable` (there is no conversation in it) or `schema`, naming the turn.
    """
    text = _FENCE.sub("", text.strip()).strip()
    found = list(_SPEAKER.finditer(text))
    if text[:1] in ("[", "{") or not found:
        return conversation(_listed(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    said = zip(found, ends, strict=True)
    return conversation(
        [{"role": _SPEAKERS[match[1].lower()], "content": text[match.end() : end]} for match, end in said]
    )


def conversation(value: Any) -> list[Message]:
    """Turns from a JSON list of `{role, content}`. Raises `BadReply`: `schema`, naming the turn."""
    try:
        said = [message(turn["role"], turn["content"].strip()) for turn in turns(value)]
    except RecordError as error:
        raise BadReply(
            "schema", f"the conversation {error}" if str(error).startswith("holds") else str(error)
        ) from None
    for number, turn in enumerate(said, start=1):
        expected = "assistant" if number % 2 == 0 else "user"
        if turn["role"] != expected:
            ahead = " after another one" if number > 1 and turn["role"] == said[number - 2]["role"] else ""
            raise BadReply("schema", f"turn {number} is the {turn['role']}'s{ahead}, not the {expected}'s; {_ORDER}")
        if not turn["content"]:
            raise BadReply("schema", f"turn {number}, the {expected}'s, is empty")
    if said[-1]["role"] != "assistant":
        raise BadReply("schema", f"the last turn, turn {len(said)}, is the user's and has no answer; {_ORDER}")
    return said


_ORDER = "user and assistant take turns, the user begins, the assistant has the last word"
_DECODER = json.JSONDecoder()


def _listed(text: str) -> Any:
    """The JSON list of turns in a reply: alone, in prose, or as the only value of an object."""
    for value in json_values(text, "[", _DECODER, nested=True):
        if isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value):
            return value
    raise BadReply("unparseable", f"there is no conversation in the reply; {_FORM}")
