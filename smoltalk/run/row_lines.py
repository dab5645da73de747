"""A row of the ledger as a line of the published files: what trainers read first, then what the pipeline keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from smoltalk.pipeline.kept import Kept
from smoltalk.pipeline.model import TRAINED_ON, Makes
from smoltalk.rows import Message, Row, conversation
from smoltalk.run.card_of_mixtures import Mixed
from smoltalk.run.column_types import TOOLS, ColumnType, clean, fit
from smoltalk.run.journal import Fate
from smoltalk.run.preferences import Preferences
from smoltalk.run.said import Said
from smoltalk.run.speakers import ROLES
from smoltalk.text import strings


@dataclass(slots=True)
class Published:
    """What was written, for the card."""

    columns: dict[str, ColumnType] = field(default_factory=dict)
    """Type of each kept column."""
    rows: int = 0
    turns: int = 0
    """Messages over all accepted rows."""
    characters: int = 0
    """Characters in them."""
    example: dict[str, Any] | None = None
    """The first accepted row as published."""
    makes: Makes = "sft"
    with_calls: bool = False
    """Whether some of the conversations hold function calls: then every turn is published as a JSON object."""
    preferences: Preferences = field(default_factory=Preferences)
    """What is known of the pairs of answers, where rows are pairs."""
    said: Said = field(default_factory=Said)
    """What judged columns said, over rejected rows as well."""
    splits: dict[str, int] = field(default_factory=dict)
    """Rows of each split, where there is more than `train`."""
    sources: list[Mixed] = field(default_factory=list)
    """The datasets of a mixture."""

    @property
    def own(self) -> tuple[str, ...]:
        """Columns of every published row, before those the pipeline keeps."""
        return "id", "source", *TRAINED_ON[self.makes]


def values(fate: Fate, row: Row, columns: Sequence[Kept]) -> Row:
    """What is kept of a row and of what the gates told of it, by the names it is published under."""
    told = orjson.loads(fate.evidence) if any(column.gate for column in columns) else {}
    return {column.name: column.of(row, told) for column in columns}


def accepted_line(fate: Fate, row: Row, columns: Sequence[Kept], published: Published) -> tuple[Any, ...] | None:
    """The line of an accepted row, counted in; None when nothing can be trained on the row."""
    trained = [turns(row)] if published.makes == "sft" else list(_pair(row))
    if not all(trained):
        return None
    found = values(fate, row, columns) if columns else {}
    kept = [fit(_parsed(name, found[name]), kind) for name, kind in published.columns.items()] if columns else []
    if published.with_calls and published.makes == "sft":
        trained = [called_turns(row)]
    shown = (fate.id, _source(row), *trained, *kept)
    spelt = [[_json(turn) for turn in part] for part in trained] if published.with_calls else trained
    line = (fate.id, _source(row), *spelt, *kept)
    published.rows += 1
    for part in trained:
        published.turns += len(part)
        for turn in part:
            published.characters += len(turn["content"])
    if published.makes == "dpo":
        published.preferences.see(_length(trained[1]), _length(trained[2]), row)
    if published.example is None:
        published.example = dict(zip((*published.own, *published.columns), shown, strict=True))
    return line


def other_line(fate: Fate, row: Row) -> tuple[Any, ...]:
    """The line of a row that was rejected or failed, with everything that is known of it."""
    messages, source = turns(row) or None, _source(row)
    rest = {name: value for name, value in row.items() if name not in ("id", "source", "messages")}
    if messages is None and row.get("messages"):
        rest["messages"] = row["messages"]
    columns = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()
    return fate.id, source, fate.gate, clean(fate.reason), clean(fate.evidence), messages, clean(columns)


def _source(row: Row) -> str:
    return clean(str(row.get("source") or ""))


def _length(part: list[Message]) -> int:
    return sum(len(turn["content"]) for turn in part)


def _parsed(column: str, value: Any) -> Any:
    """`tools` that are JSON already are not put into quotes once more, and have their keys in the usual order."""
    if column != TOOLS:
        return value
    try:
        return _ordered(orjson.loads(value) if isinstance(value, str) else value)
    except ValueError:
        return value


_KEYS = ("type", "function", "name", "description", "parameters", "properties", "required")
"""Of a function's schema, as `transformers.utils.get_json_schema` writes them: chat templates show them as they come,
and run.db sorts them."""


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: _KEYS.index(key) if key in _KEYS else len(_KEYS))
    return {key: _ordered(value[key]) for key in keys}


# ---------------------------------------------------------------- conversations


def turns(row: Mapping[str, Any]) -> list[Message]:
    """The row's conversation with nothing in it but known roles and texts; empty when it has none such."""
    found = _turns(row)
    for turn in found:
        if str(turn["role"]) not in ROLES:
            return []
    return found


_OF_CALLS = ("tool_calls", "name", "tool_call_id")
"""What a turn may hold beside role and content, in the words of transformers' chat templates."""


def has_calls(row: Mapping[str, Any], columns: Sequence[str] = ("messages",)) -> bool:
    """Whether a turn of the row's conversation, or of another of its columns, calls a function."""
    return any(
        isinstance(turn, dict) and turn.get("tool_calls")
        for name in columns
        if isinstance(said := row.get(name), list)
        for turn in said
    )


def called_turns(row: Mapping[str, Any]) -> list[Any]:
    """The row's conversation with its calls. A turn has the keys it needs and no others: chat templates ask whether
    `tool_calls` is there, and null would be."""
    said = turns(row)
    if not has_calls(row) or len(row["messages"]) != len(said):
        return said
    more = [{key: turn[key] for key in _OF_CALLS if turn.get(key)} for turn in row["messages"]]
    return [{**turn, **extra} for turn, extra in zip(said, more, strict=True)]


def _json(turn: Mapping[str, Any]) -> str:
    return clean(orjson.dumps(turn).decode())


def _pair(row: Row) -> tuple[list[Message], list[Message], list[Message]]:
    """`prompt`, `chosen` and `rejected` as TRL's DPOTrainer takes them: an answer does not repeat the prompt. Function
    calls are part of what is said."""
    prompt = _part(row.get("prompt"), "user")
    chosen, rejected = (_part(row.get(column), "assistant") for column in ("chosen", "rejected"))
    return prompt, _after(prompt, chosen), _after(prompt, rejected)


def _part(value: Any, speaker: Literal["user", "assistant"]) -> list[Message]:
    if isinstance(value, str):
        return [{"role": speaker, "content": clean(value)}] if value.strip() else []
    return called_turns({"messages": value}) if value else []


def _after(prompt: list[Message], answer: list[Message]) -> list[Message]:
    return answer[len(prompt) :] if prompt and answer[: len(prompt)] == prompt else answer


def _turns(row: Mapping[str, Any]) -> list[Message]:
    given = row.get("messages")
    if given is not None and type(given) is not list:
        row = {**row, "messages": None}
    try:
        found = conversation(row)
        return [{"role": turn["role"], "content": clean(turn["content"])} for turn in found] if given else found
    except (TypeError, KeyError, AttributeError):
        return _mended(row)


def _mended(row: Mapping[str, Any]) -> list[Message]:
    """Turns that a stock step or a foreign file wrote in its own way: contents in parts, or with no text at all."""
    found = row.get("messages") or [
        {"role": role, "content": row[column]}
        for role, column in (("user", "instruction"), ("assistant", "response"))
        if row.get(column)
    ]
    return [
        {"role": turn["role"], "content": clean("\n".join(strings(turn.get("content"))))}
        for turn in found
        if isinstance(turn, dict) and isinstance(turn.get("role"), str)
    ]
