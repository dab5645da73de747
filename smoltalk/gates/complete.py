"""The gate that lets only whole rows through."""

from collections.abc import Set
from typing import Any

from pydantic import Field

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row
from smoltalk.text import normalise, shown, strings


class Complete(RowGate):
    """Every named column is there and not empty; a conversation is one that a chat model can be trained on.

    `messages` must be an optional system turn, then user and assistant in turn, ending with the assistant, none empty:
    what TRL's `SFTTrainer` and the chat templates of most models take. An assistant that calls functions need say
    nothing besides, and tools answer it. `prompt`, `chosen` and `rejected` are what its `DPOTrainer` takes: a text, or
    a conversation that ends with the user, and answers to it that differ.
    """

    columns: tuple[str, ...] = Field(default=("messages",), min_length=1)
    """Columns that must hold something; white space alone is nothing."""

    def reads(self) -> frozenset[str]:
        return frozenset(self.columns)

    def judge(self, row: Row) -> Verdict:
        """Reject with `missing_column`, `broken_turns`, `empty_turn` or `same_answers`; evidence: the column, the turn
        and its role."""
        for column in self.columns:
            value = row.get(column)
            if _is_empty(value):
                return Verdict(False, "missing_column", {"column": column, "value": shown(value)})
            verdict = _conversation(column, value)
            if not verdict.keep:
                return verdict
        if {"chosen", "rejected"} <= set(self.columns) and _said(row["chosen"]) == _said(row["rejected"]):
            return Verdict(False, "same_answers", {"answer": shown(_said(row["chosen"]))})
        return KEEP


_BOXES = (list, tuple, dict)
_OPENING = frozenset({"system", "user"})
_NEXT = {"system": {"user"}, "user": {"assistant"}, "assistant": {"user"}}


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, _BOXES) and not value)


def _said(answer: Any) -> str:
    return normalise("\n".join(strings(answer)))


def _conversation(column: str, value: Any) -> Verdict:
    """The first fault of a column that trainers read as a conversation or a part of one."""
    match column:
        case "messages":
            return _turns(value, "messages")
        case "prompt" if isinstance(value, list | tuple) and isinstance(value[0], dict):
            return _turns(value, "prompt", last="user")
        case "chosen" | "rejected" if not isinstance(value, str):
            return _turns(value, column, first={"assistant"})
    return KEEP


def _turns(turns: Any, column: str, first: Set[str] = _OPENING, last: str = "assistant") -> Verdict:
    """The first fault of a conversation."""
    where = {} if column == "messages" else {"column": column}
    if not isinstance(turns, list | tuple):
        return Verdict(False, "broken_turns", {**where, "expected": "a list of turns", "value": shown(turns)})
    expected = set(first)
    for number, turn in enumerate(turns):
        role, content = (turn.get("role"), turn.get("content")) if isinstance(turn, dict) else (None, None)
        if role not in ("system", "user", "assistant", "tool") or role not in expected:
            evidence = {**where, "turn": number, "role": shown(role), "expected": " or ".join(sorted(expected))}
            return Verdict(False, "broken_turns", evidence)
        calls = role == "assistant" and isinstance(turn.get("tool_calls"), list) and bool(turn["tool_calls"])
        if _is_empty(content) and not calls:
            return Verdict(False, "empty_turn", {**where, "turn": number, "role": role})
        expected = {"tool"} if calls else {"assistant", "tool"} if role == "tool" else _NEXT[role]
    if turns[-1]["role"] != last:
        evidence = {**where, "turn": len(turns), "role": None, "expected": " or ".join(sorted(expected))}
        return Verdict(False, "broken_turns", evidence)
    return KEEP
