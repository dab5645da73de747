"""What a chat template passes over: function calls and tools that it does not know are gone without a word."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Written = Callable[..., Any]
"""The turns, and what goes to the template beside them, as text."""


def passed_over(written: Written, turns: Sequence[Mapping[str, Any]], beside: Mapping[str, Any]) -> list[str]:
    """Which of `tool_calls` and `tools` a conversation has and its text is the same without: none where it has
    neither, which costs no rendering. Raises what the template raises of the whole conversation."""
    calls = any(turn.get("tool_calls") for turn in turns)
    if not calls and not beside.get("tools"):
        return []
    whole = written(turns, **beside)
    bare = [{name: value for name, value in turn.items() if name != "tool_calls"} for turn in turns]
    less = {
        "tool_calls": (bare, beside) if calls else None,
        "tools": (turns, {**beside, "tools": None}) if beside.get("tools") else None,
    }
    return [name for name, said in less.items() if said is not None and _or_none(written, *said) == whole]


def _or_none(written: Written, turns: Sequence[Mapping[str, Any]], beside: Mapping[str, Any]) -> Any:
    """None of what a template cannot write: it has asked for what was taken out."""
    try:
        return written(turns, **beside)
    except Exception:  # a template is a program of strangers
        return None
