"""Score: which turns are scored, and where the number goes."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.rows import Message
from smoltalk.steps.score import Score

CHAT: list[Message] = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


def test_a_conversation_is_scored(scripted: Any) -> None:
    step, ask = Score(engine="r"), scripted([0.5])
    assert (step.reads(), step.writes(), step.engine_kind) == ({"messages"}, {"reward"}, "scores")
    assert asyncio.run(step.write({"messages": CHAT}, ask)) == {"reward": 0.5}
    assert ask.scored == [CHAT]


def test_a_column_is_scored_as_the_answer_to_another(scripted: Any) -> None:
    step, ask = Score(engine="r", of="response", prompt="instruction", column="s"), scripted([1.0])
    assert (step.reads(), step.writes()) == ({"response", "instruction"}, {"s"})
    assert asyncio.run(step.write({"instruction": "q", "response": "a"}, ask)) == {"s": 1.0}
    assert ask.scored == [CHAT]


def test_a_column_may_hold_a_conversation(scripted: Any) -> None:
    ask = scripted([1.0])
    asyncio.run(Score(engine="r", of="chosen").write({"chosen": CHAT}, ask))
    assert ask.scored == [CHAT]


@pytest.mark.parametrize("row", [{"instruction": "q", "response": ""}, {"instruction": None, "response": "a"}])
def test_nothing_to_score_fails_the_row(row: dict[str, Any], scripted: Any) -> None:
    with pytest.raises(RowFailed, match="holds nothing to score"):
        asyncio.run(Score(engine="r", of="response", prompt="instruction").write(row, scripted([])))
