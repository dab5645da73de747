"""Reply: the next turn of a conversation that stands in columns."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.requests import Reply as EngineReply
from smoltalk.steps.reply import Reply

ROW = {"system": "Be short.", "a": "Hello", "b": "Hi!", "c": "And?"}


def test_the_engine_sees_a_conversation(scripted: Any) -> None:
    step = Reply(engine="e", system="system", turns=("a", "b", "c"), column="d")
    assert step.reads() == {"system", "a", "b", "c"} and step.writes() == {"d"}
    assert step.engines() == {"e"} and step.roles() == {"assistant"}
    ask = scripted([" Fine. "])
    assert asyncio.run(step.write(ROW, ask)) == {"d": "Fine."}
    (request,) = ask.requests
    assert request.role == "assistant"
    assert [(turn["role"], turn["content"]) for turn in request.messages] == [
        ("system", "Be short."),
        ("user", "Hello"),
        ("assistant", "Hi!"),
        ("user", "And?"),
    ]


def test_after_an_answer_comes_the_user(scripted: Any) -> None:
    step = Reply(engine="e", turns=("a", "b"), column="c")
    ask = scripted(["And?"])
    assert step.roles() == {"user"}
    assert asyncio.run(step.write({"a": "Hello", "b": "Hi!"}, ask)) == {"c": "And?"}
    assert ask.requests[0].role == "user"


def test_bad_replies_are_asked_again(scripted: Any) -> None:
    ask = scripted([EngineReply("Fi", finish="length"), "  ", "<|im_end|>"])
    assert asyncio.run(Reply(engine="e", turns=("a",)).write(ROW, ask)) == {"response": "< |im_end|>"}
    assert ask.bad == ["truncated", "empty"]


@pytest.mark.parametrize("hole", [None, "", " ", 3])
def test_a_hole_fails_the_row_before_anybody_is_asked(scripted: Any, hole: Any) -> None:
    ask = scripted([])
    with pytest.raises(RowFailed) as failed:
        asyncio.run(Reply(engine="e", turns=("a", "b", "c")).write({**ROW, "b": hole}, ask))
    assert (failed.value.kind, ask.requests) == ("missing", [])


def test_what_makes_replies_void() -> None:
    step = Reply(engine="e", turns=("a",))
    assert step.identity() == Reply(engine="other", turns=("a",), attempts=1).identity()
    assert step.identity() != Reply(engine="e", system="system", turns=("a",)).identity()


def test_mistakes_are_said() -> None:
    assert list(Reply(engine="e").check()) == []
    assert len(list(Reply(engine="e", turns=("a", "b"), column="b").check())) == 1
    assert len(list(Reply(engine="e", turns=()).check())) == 1
    assert list(Reply(engine="e", turns=(), system="system").check()) == []
