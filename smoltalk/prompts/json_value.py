"""Any JSON value out of a reply: small enough, not too deep, and of what every file format can hold."""

import json
import math
from typing import Any

from smoltalk.errors import BadReply
from smoltalk.text import neutralise

ANY: dict[str, Any] = {"anyOf": [{"type": kind} for kind in ("object", "array", "string", "number", "boolean", "null")]}
"""JSON schema of any value. Written out, since not every server takes `{}` for it."""

LARGEST = 100_000
"""Characters of the value's JSON text."""
DEEPEST = 32
_MAX_INT = 2**63
"""Integers of the journal and of Parquet have 64 bits."""


def json_value(column: str, value: Any) -> Any:
    """The value, its texts and keys neutralised. Raises `BadReply`: `schema`, saying what is too much."""
    clean = _clean(column, value, 0)
    size = len(json.dumps(clean, ensure_ascii=False))
    if size > LARGEST:
        raise BadReply("schema", f"`{column}` takes {size:,} characters as JSON, more than {LARGEST:,}")
    return clean


def _clean(column: str, value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise BadReply("schema", f"`{column}` is nested more than {DEEPEST} deep")
    match value:
        case str():
            return neutralise(value)
        case bool() | None:
            return value
        case int() if not -_MAX_INT <= value < _MAX_INT:
            raise BadReply("schema", f"`{column}` holds an integer of more than 64 bits")
        case float() if not math.isfinite(value):
            raise BadReply("schema", f"`{column}` holds {value}, which is no JSON number")
        case list():
            return [_clean(column, item, depth + 1) for item in value]
        case dict():
            return {neutralise(key): _clean(column, item, depth + 1) for key, item in value.items()}
    return value
