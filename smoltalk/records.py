"""How a record from outside (a line of JSON, a row of Parquet) becomes columns, or says why it cannot."""

import datetime
import decimal
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from smoltalk.errors import RowFailed, nearest
from smoltalk.rows import Message, Row, message
from smoltalk.text import neutralise

MAX_TEXT = 2_000_000
"""Characters in one text; more than any context window, less than what would stall a run."""

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system", "user": "user", "human": "user", "assistant": "assistant",
    "gpt": "assistant", "chatgpt": "assistant", "model": "assistant", "bot": "assistant",
}  # fmt: skip
"""OpenAI's names of the speakers, and those of ShareGPT files."""


_KINDS: dict[type, str] = {
    type(None): "null", bool: "true or false", str: "text", int: "a number", float: "a number",
    dict: "a mapping", list: "a list", tuple: "a list",
}  # fmt: skip
_MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")


class RecordError(ValueError):
    """Why a record is not a row, as the end of a sentence that starts with its place."""


def _own_names(columns: list[str] | dict[str, str]) -> list[str] | dict[str, str]:
    if "id" in columns:
        raise ValueError("`id` is the factory's own column; read theirs as `{source_id: id}`")
    return columns


Columns = Annotated[list[str] | dict[str, str], Field(min_length=1), AfterValidator(_own_names)]
"""Columns to read, as YAML lists them: their names, or `ours: theirs`."""


def default_columns(names: Iterable[str]) -> dict[str, str]:
    """Ours to theirs for every column of a file: `id` is taken by ours, ShareGPT's `conversations` are `messages`."""
    names = list(names)
    ours = {"id": "source_id"}
    if "messages" not in names:
        ours["conversations"] = "messages"
    return {ours.get(name, name): name for name in names}


def named_columns(columns: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Ours to theirs, from what the YAML lists."""
    return dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}


def misnamed(columns: Sequence[str] | Mapping[str, str], there: Sequence[str]) -> Iterator[str]:
    """What is wrong with the columns the YAML lists, given those that are `there`, as ends of sentences.

    A mapping the wrong way round is one mistake, however many columns it names.
    """
    wrong = {ours: theirs for ours, theirs in named_columns(columns).items() if theirs not in there}
    if wrong and all(ours in there for ours in wrong):
        turned = [(b, a) if a in wrong else (a, b) for a, b in named_columns(columns).items()]
        swapped = ", ".join(f"{ours}: {theirs}" for ours, theirs in turned)
        yield f"has no column `{'`, `'.join(wrong.values())}`; `columns` says `ours: theirs`: write `{{{swapped}}}`"
        return
    for theirs in wrong.values():
        yield f"has no column `{theirs}`; {nearest(theirs, there)}"


def repeated(rows: Callable[[int], Iterator[Row | RowFailed]], repeat: int, start: int) -> Iterator[Row | RowFailed]:
    """Rows from index `start` of a source that is read `repeat` times over, so that a short run sees every record once.

    `rows` gives one row a record, from the record of that number on, and reads anew at every call: no two rows share a
    value. A start past the first round counts the records first, which reads them once.
    """
    if repeat == 1 or not start:
        yield from rows(start)
        rounds, within = 1, 0
    elif (first := next(here := rows(start), None)) is not None:
        yield first
        yield from here
        rounds, within = 1, 0
    else:
        rounds, within = divmod(start, max(sum(1 for _ in rows(0)), 1))
    for turn in range(rounds, repeat):
        yield from rows(within if turn == rounds else 0)


def kinds(record: Mapping[str, Any]) -> dict[str, str]:
    """What each value is, in words; nulls are left out."""
    return {name: _kind(value) for name, value in record.items() if value is not None}


def to_row(record: object, columns: Mapping[str, str], expected: Mapping[str, str], promised: bool) -> Row:
    """The record's columns under our names, all text neutralised.

    `expected` maps their names to the kinds seen at the head of the source; `promised` columns must hold something,
    others may be null. Raises `RecordError`.
    """
    if not isinstance(record, dict):
        raise RecordError(f"is {_kind(record)}, not a record with columns")
    row: Row = {}
    for ours, theirs in columns.items():
        value = record.get(theirs)
        if value is None and promised:
            raise RecordError(f"has no `{theirs}`")
        kind = _kind(value)
        if value is not None and kind != expected.get(theirs, kind):
            raise RecordError(f"`{theirs}` is {kind}, elsewhere it is {expected[theirs]}")
        row[ours] = _clean(value, theirs)
    if all(value is None for value in row.values()):
        raise RecordError("has none of the columns " + ", ".join(f"`{name}`" for name in columns.values()))
    if row.get("messages") is not None:
        row["messages"] = turns(row["messages"])
    if row.get("source") is None:
        row.pop("source", None)  # then it is from the pipeline
    elif not isinstance(row["source"], str):
        raise RecordError(f"`source` is {_kind(row['source'])}, not text")
    return row


def turns(value: object) -> list[Message]:
    """A conversation from `role`/`content` or ShareGPT's `from`/`value` turns. Raises `RecordError`."""
    if not isinstance(value, list) or not value:
        raise RecordError("holds no list of turns as its conversation")
    return [_turn(turn, number) for number, turn in enumerate(value, start=1)]


def _turn(turn: object, number: int) -> Message:
    if not isinstance(turn, dict):
        raise RecordError(f"turn {number} is {_kind(turn)}, not `role` and `content`")
    role, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
    if not isinstance(role, str) or role.lower() not in _ROLES:
        raise RecordError(f"turn {number} is spoken by {role!r:.40}, not by system, user or assistant")
    if not isinstance(content, str):
        raise RecordError(f"turn {number} holds {_kind(content)}, not text")
    return message(_ROLES[role.lower()], content)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), f"of type {type(value).__name__}")


def _clean(value: Any, column: str, depth: int = 0) -> Any:
    """The value as plain JSON data. Raises `RecordError` for what is none, and for what would break a file."""
    if depth > _MAX_DEPTH:
        raise RecordError(f"`{column}` is nested too deeply")
    match value:
        case str():
            return _clean_text(value, column)
        case float():
            return value if math.isfinite(value) else None
        case bool() | int() | None:
            return value
        case dict():
            return {_clean_text(str(k), column): _clean(v, column, depth + 1) for k, v in value.items()}
        case list() | tuple():
            if len(mixed := {_kind(item) for item in value if item is not None}) > 1:
                raise RecordError(f"`{column}` is a list that mixes {' and '.join(sorted(mixed))}")
            return [_clean(item, column, depth + 1) for item in value]
        case datetime.date() | datetime.time():
            return value.isoformat()
        case decimal.Decimal():
            return str(value)
    raise RecordError(f"`{column}` is {_kind(value)}, not text, a number, a list or a mapping")


def _clean_text(text: str, column: str) -> str:
    if len(text) > MAX_TEXT:
        raise RecordError(f"`{column}` is {len(text):,} characters long, more than {MAX_TEXT:,}")
    if not text.isascii() and _SURROGATE.search(text):
        raise RecordError(f"`{column}` holds half a character (a lone surrogate)")
    return neutralise(text)
