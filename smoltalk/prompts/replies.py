"""A model's reply as columns, or as a complaint that says what was expected: the model is shown it."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from smoltalk.errors import BadReply
from smoltalk.prompts.dialogue import conversation
from smoltalk.prompts.header import Returns
from smoltalk.prompts.json_in_text import json_values
from smoltalk.prompts.json_value import ANY, json_value
from smoltalk.prompts.pattern import LONGEST, Pattern
from smoltalk.rows import Row
from smoltalk.text import neutralise

_TURN = {
    "type": "object",
    "properties": {"role": {"enum": ["user", "assistant"]}, "content": {"type": "string"}},
    "required": ["role", "content"],
    "additionalProperties": False,
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list[str]": {"type": "array", "items": {"type": "string"}},
    "json": ANY,
    "messages": {"type": "array", "items": _TURN},
}
_NAMES = {"str": "of type string", "int": "of type integer", "float": "of type number", "bool": "of type boolean"}
_MAX_INT = 2**63
"""Parquet's integers have 64 bits."""
_MOST_WORDS = 400
"""Characters of a complaint that list what a reply could have been."""

_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: _object(pairs))


def plain(text: str, pattern: Pattern | None, regex: str | None, choice: Sequence[str] | None) -> str:
    """The whole reply. Raises `BadReply`: `schema` when it is none of `choice`, or does not match `regex` whole."""
    text = text.strip()
    if choice is not None and text not in choice:
        raise BadReply("schema", f"the reply is {_short(text)}, not {one_of(choice)}")
    if pattern is not None and not pattern.fits(text):
        long = f" (and longer than {LONGEST:,} characters)" if len(text) > LONGEST else ""
        expected = f"does not match the regular expression {_cut(str(regex))} from its first character to its last"
        raise BadReply("schema", f"the reply is {_short(text)}{long}, which {expected}")
    return neutralise(text)


def columns(text: str, returns: Mapping[str, Returns]) -> Row:
    """The columns of a JSON reply. Raises `BadReply`: `unparseable` (not one JSON object) or `schema`."""
    reply = _one_object(text)
    if missing := [c for c in returns if c not in reply]:
        raise BadReply("schema", f"`{missing[0]}` is missing")
    if extra := [c for c in reply if c not in returns]:
        raise BadReply("schema", f"`{extra[0]}` was not asked for")
    return {column: _value(column, reply[column], kind) for column, kind in returns.items()}


def schema_of(returns: Mapping[str, Returns]) -> dict[str, Any]:
    """JSON schema of a reply with these columns."""
    kinds = {column: {"enum": kind} if isinstance(kind, list) else _SCHEMAS[kind] for column, kind in returns.items()}
    return {"type": "object", "properties": kinds, "required": list(kinds), "additionalProperties": False}


def one_of(labels: Sequence[Any]) -> str:
    """What a reply could have been, as a complaint says it."""
    return f"one of {_cut(', '.join(json.dumps(label, ensure_ascii=False) for label in labels))}"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}..."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is there twice")
    return result


def _one_object(text: str) -> dict[str, Any]:
    """The single JSON object in a reply, with or without fences and prose around it."""
    found: list[dict[str, Any]] = list(json_values(text, "{", _DECODER))
    if len(found) != 1:
        raise BadReply("unparseable", f"{len(found) or 'no'} JSON objects in the reply")
    return found[0]


def _value(column: str, value: Any, kind: Returns) -> Any:
    if isinstance(kind, list):
        if any(type(label) is type(value) and label == value for label in kind):
            return value
        raise BadReply("schema", f"`{column}` is {_short(value)}, not {one_of(kind)}")
    if kind == "list[str]":
        return _texts(column, value)
    if kind == "json":
        return json_value(column, value)
    if kind == "messages":
        try:
            return conversation(value)
        except BadReply as bad:
            raise BadReply(bad.kind, f"`{column}`: {bad.detail}") from None
    if kind == "str" and isinstance(value, str):
        return neutralise(value)
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind in ("int", "float") and isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "int" and abs(value) < _MAX_INT and value == int(value):  # JSON schema calls 5.0 an integer too
            return int(value)
        if kind == "float" and abs(value) <= sys.float_info.max:
            return float(value)
    raise BadReply("schema", f"`{column}` is {_short(value)}, not {_NAMES[kind]}")


def _texts(column: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise BadReply("schema", f"`{column}` is {_short(value)}, not a list of texts")
    for number, text in enumerate(value, start=1):
        if not isinstance(text, str):
            raise BadReply("schema", f"text {number} of `{column}` is {_short(text)}, not of type string")
        if not text.strip():
            raise BadReply("schema", f"text {number} of `{column}` is empty")
    return [neutralise(text.strip()) for text in value]


def _short(value: Any) -> str:
    return re.sub(r"\s+", " ", json.dumps(value, default=str))[:80]
