"""Why a trainer could learn nothing, or the wrong thing, from a row: told from its turns alone."""

from collections.abc import Mapping, Sequence
from typing import Any

_SPEAKERS = ("system", "user", "assistant", "tool")


def of_conversation(turns: Any) -> str:
    """What is wrong with a conversation to learn from; empty for a sound one."""
    if not isinstance(turns, Sequence) or isinstance(turns, str) or not turns:
        return "holds no turns"
    if wrong := _out_of_order(turns):
        return wrong
    if not any(one["role"] == "assistant" for one in turns):
        return "has no answer to learn"
    last = turns[-1]["role"]
    return "" if last == "assistant" else f"ends with a turn of the {last}, not with an answer"


def of_pair(row: Mapping[str, Any]) -> str:
    """What is wrong with a pair of answers; empty for a sound one."""
    prompt, chosen, rejected = (row.get(name) for name in ("prompt", "chosen", "rejected"))
    if isinstance(chosen, str) and isinstance(rejected, str):
        return _of_texts(chosen, rejected)
    if isinstance(prompt, str) and isinstance(chosen, list):
        return "has a text as `prompt` beside turns, which TRL refuses: leave `prompt` out of the columns"
    for name, turns in (("chosen", chosen), ("rejected", rejected)):
        if not isinstance(turns, list) or not turns:
            return f"`{name}` holds no turns"
        if wrong := _out_of_order([*(prompt or []), *turns]):
            return f"`{name}`: {wrong}"
        if turns[-1]["role"] != "assistant":
            return f"`{name}` does not end with an answer"
    if prompt is not None and not prompt:
        return "`prompt` holds no turns"
    return "`chosen` and `rejected` say the same: nothing can be learned from it" if chosen == rejected else ""


def of_text(row: Mapping[str, Any]) -> str:
    """What is wrong with a row of plain text, or of a prompt and its completion as texts."""
    for name in ("prompt", "completion") if "completion" in row else ("text",):
        if not isinstance(row.get(name), str):
            return f"`{name}` holds no text"
        if not row[name].strip():
            return f"`{name}` is empty"
    return ""


def _of_texts(chosen: str, rejected: str) -> str:
    if not (chosen.strip() and rejected.strip()):
        return "an answer is empty"
    return "`chosen` and `rejected` say the same: nothing can be learned from it" if chosen == rejected else ""


def _out_of_order(turns: Sequence[Any]) -> str:
    """Turns that are none, empty ones, and speakers that do not take turns."""
    before = ""
    for number, turn in enumerate(turns, 1):
        if not isinstance(turn, Mapping) or turn.get("role") not in _SPEAKERS:
            return f"turn {number} is spoken by {_short(turn)}, not by system, user, assistant or tool"
        speaker, said = turn["role"], turn.get("content")
        calls = bool(turn.get("tool_calls"))
        if not isinstance(said, str) and not (calls and said is None):
            return f"turn {number} holds no text"
        if not calls and speaker != "system" and not str(said).strip():
            return f"turn {number}, of the {speaker}, is empty"
        if speaker == "system" and number > 1:
            return f"turn {number} is a system prompt, which stands first or not at all"
        if speaker == before and speaker in ("user", "assistant"):
            return f"turns {number - 1} and {number} are both of the {speaker}"
        if speaker == "tool" and before not in ("assistant", "tool"):
            return f"turn {number} is what a tool said, and no call stands before it"
        if speaker == "assistant" and before in ("", "system"):
            return f"turn {number} answers nothing: no question stands before it"
        before = speaker
    return ""


def _short(turn: Any) -> str:
    role = turn.get("role") if isinstance(turn, Mapping) else turn
    return f"{str(role)[:30]!r}"
