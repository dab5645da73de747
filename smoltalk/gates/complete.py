"""The gate that lets only whole rows through."""

from typing import Any

from pydantic import Field

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row
from smoltalk.text import shown


class Complete(RowGate):
    """Every named column is there and not empty; a conversation is one that a chat model can be trained on.

    `messages` must be an optional system turn, then user and assistant in turn, ending with the assistant, none empty:
    what TRL's `SFTTrainer` and the chat templates of most models take.
    """

    columns: tuple[str, ...] = Field(default=("messages",), min_length=1)
    """Columns that must hold something; white space alone is nothing."""

    def reads(self) -> frozenset[str]:
        return frozenset(self.columns)

    def judge(self, row: Row) -> Verdict:
        """Reject with `missing_column`, `broken_turns` or `empty_turn`; evidence: the column, the turn and its role."""
        for column in self.columns:
            value = row.get(column)
            if _is_empty(value):
                return Verdict(False, "missing_column", {"column": column, "value": shown(value)})
            if column == "messages":
                verdict = _turns(value)
                if not verdict.keep:
                    return verdict
        return KEEP


_BOXES = (list, tuple, dict)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, _BOXES) and not value)


def _turns(turns: Any) -> Verdict:
    """The first fault of a conversation."""
    if not isinstance(turns, list | tuple):
        return Verdict(False, "broken_turns", {"expected": "a list of turns", "value": shown(turns)})
    expected = {"system", "user"}
    for number, turn in enumerate(turns):
        role, content = (turn.get("role"), turn.get("content")) if isinstance(turn, dict) else (None, None)
        if role not in ("system", "user", "assistant") or role not in expected:
            evidence = {"turn": number, "role": shown(role), "expected": " or ".join(sorted(expected))}
            return Verdict(False, "broken_turns", evidence)
        if _is_empty(content):
            return Verdict(False, "empty_turn", {"turn": number, "role": role})
        expected = {"assistant"} if role == "user" else {"user"}
    if expected != {"user"} or turns[-1]["role"] != "assistant":
        evidence = {"turn": len(turns), "role": None, "expected": " or ".join(sorted(expected))}
        return Verdict(False, "broken_turns", evidence)
    return KEEP
