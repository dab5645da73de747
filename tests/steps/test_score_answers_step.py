"""Score answers: each against the prompt, and one that cannot be scored costs only itself."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import RowFailed, WorldError
from smoltalk.rows import Conversation, Row
from smoltalk.steps.score_answers import ScoreAnswers


class Scorer:
    """Scores an answer by its length; some it cannot."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.seen: list[tuple[int, Conversation]] = []

    async def score(self, engine: str, messages: Conversation, *, turn: int = 0) -> float:
        self.seen.append((turn, messages))
        if "bad" in messages[-1]["content"] and self.fault:
            raise self.fault
        return float(len(messages[-1]["content"]))


def scored(row: Row, fault: Exception | None = None) -> tuple[Row, Scorer]:
    ask: Any = Scorer(fault)
    return asyncio.run(ScoreAnswers(engine="r").write(row, ask)), ask


def test_each_answer_is_scored_after_the_prompt() -> None:
    found, ask = scored({"instruction": "q", "answers": ["a", "bcd"]})
    assert found == {"scores": [1.0, 3.0]}
    assert [turn for turn, _ in ask.seen] == [0, 1]
    assert ask.seen[1][1] == [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bcd"}]


def test_an_answer_that_cannot_be_scored_has_no_score() -> None:
    long = RowFailed("prompt_too_long")
    assert scored({"instruction": "q", "answers": ["a", "bad"]}, long)[0] == {"scores": [1.0, None]}
    with pytest.raises(RowFailed, match="prompt_too_long"):
        scored({"instruction": "q", "answers": ["bad"]}, long)
    with pytest.raises(WorldError):
        scored({"instruction": "q", "answers": ["a", "bad"]}, WorldError("gone"))


def test_nothing_to_score_fails_the_row() -> None:
    for answers in ([], "text"):
        with pytest.raises(RowFailed, match="`answers` holds no list"):
            scored({"instruction": "q", "answers": answers})
    for asked in (7, ["q"], [{"role": "user", "content": 7}]):
        with pytest.raises(RowFailed, match="neither a text nor a conversation"):
            scored({"instruction": asked, "answers": ["a"]})
