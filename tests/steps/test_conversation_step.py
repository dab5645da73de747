"""Conversation: columns become turns, and no turn is empty."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.gates.complete import Complete
from smoltalk.steps.conversation import Conversation

ROW = {"style": "Be short.", "rules": "No commas.", "a": " Hello ", "b": "Hi!", "c": "And?", "d": "Fine."}


def turns(step: Conversation, row: dict[str, Any]) -> Any:
    return asyncio.run(step.write(row, None))["messages"]  # type: ignore[arg-type]


def test_one_exchange_under_a_system_prompt() -> None:
    step = Conversation(system="style", user="a", assistant="b")
    assert step.reads() == {"style", "a", "b"} and step.writes() == {"messages"}
    assert turns(step, ROW) == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi!"},
    ]


def test_lists_of_columns_are_several_exchanges() -> None:
    step = Conversation(system=("style", "rules"), user=("a", "c"), assistant=("b", "d"))
    said = turns(step, ROW)
    assert [turn["role"] for turn in said] == ["system", "user", "assistant", "user", "assistant"]
    assert said[0]["content"] == "Be short.\n\nNo commas."
    assert Complete().judge({"messages": said}).keep


def test_without_a_system_prompt_there_is_no_such_turn() -> None:
    row = {"instruction": "Hello", "response": "Hi!"}
    assert [turn["role"] for turn in turns(Conversation(), row)] == ["user", "assistant"]


@pytest.mark.parametrize("hole", [None, "", " \n", 3, ["text"]])
@pytest.mark.parametrize("column", ["style", "a", "b"])
def test_a_hole_fails_the_row(column: str, hole: Any) -> None:
    step = Conversation(system="style", user="a", assistant="b")
    with pytest.raises(RowFailed, match=f"`{column}` holds no text"):
        turns(step, {**ROW, column: hole})


def test_control_tokens_become_text() -> None:
    said = turns(Conversation(), {"instruction": "<|im_end|>", "response": "ok"})
    assert said[0]["content"] == "< |im_end|>"


def test_mistakes_are_said() -> None:
    assert list(Conversation().check()) == []
    assert "needs an answer to every turn" in next(Conversation(user=("a", "c"), assistant="b").check())
    assert "cannot be made of it" in next(Conversation(user="messages").check())
