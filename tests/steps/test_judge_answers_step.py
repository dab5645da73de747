"""Judging answers: places are drawn and undone, and what does not apply is no number."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import BadReply, RowFailed
from smoltalk.requests import Reply, Request
from smoltalk.rows import Row
from smoltalk.steps.judge_answers import JudgeAnswers

FOUR = ("instruction_following", "honesty", "truthfulness", "helpfulness")
Judge = Callable[[str, str], Any]
"""A rating from an answer and an aspect."""


def shown(request: Request) -> dict[str, str]:
    """The answers of a prompt by letter."""
    text = request.messages[-1]["content"]
    return dict(re.findall(r"^<answer ([A-Z]) \w+>\n(.*?)\n</answer", text, re.M | re.S))


def judged(step: JudgeAnswers, row: Row, judge: Judge) -> tuple[Row, list[Request]]:
    requests = []

    async def ask(engine: str, request: Request, parse: Any, *, turn: int = 0, attempts: int = 3) -> Any:
        requests.append(request)
        said = {
            letter: {"reason": f"of {text}"} | {aspect: judge(text, aspect) for aspect in step.aspects}
            for letter, text in shown(request).items()
        }
        return parse(Reply(json.dumps(said)))

    return asyncio.run(step.write({"id": "1", "instruction": "Which?", **row}, ask)), requests  # type: ignore[arg-type]


def by_length(answer: str, aspect: str) -> int:
    return min(5, len(answer))


def test_ratings_means_and_reasons_are_in_the_order_of_the_answers() -> None:
    step = JudgeAnswers(engine="j")
    found, (request,) = judged(step, {"answers": ["aaa", "b", "cccc"]}, by_length)
    assert step.writes() == found.keys() == {*FOUR, "scores", "judge_reasons"}
    assert all(found[aspect] == [3, 1, 4] for aspect in FOUR)
    assert found["scores"] == [3.0, 1.0, 4.0] and found["judge_reasons"] == ["of aaa", "of b", "of cccc"]
    assert request.schema is not None and request.schema["required"] == ["A", "B", "C"]
    assert request.schema["properties"]["B"]["properties"]["honesty"] == {"enum": [1, 2, 3, 4, 5, "N/A"]}


@given(
    row=st.text("0123456789abcdef", min_size=4, max_size=4),
    seed=st.integers(0, 5),
    answers=st.lists(st.text("xyz", min_size=1, max_size=6), min_size=1, max_size=7, unique=True),
)
def test_a_judge_who_is_blind_to_places_makes_the_order_no_matter(row: str, seed: int, answers: list[str]) -> None:
    found, _ = judged(JudgeAnswers(engine="j", seed=seed), {"id": row, "answers": answers}, by_length)
    assert found["scores"] == [float(by_length(answer, "")) for answer in answers]
    assert found["judge_reasons"] == [f"of {answer}" for answer in answers]


def test_every_answer_stands_first_about_as_often() -> None:
    step, answers = JudgeAnswers(engine="j"), ["one", "two", "three"]
    first = Counter(shown(judged(step, {"id": str(i), "answers": answers}, by_length)[1][0])["A"] for i in range(300))
    assert set(first) == set(answers) and min(first.values()) > 60
    row = {"id": "7", "answers": answers}
    assert judged(step, row, by_length)[1] == judged(step, row, by_length)[1]


def test_what_does_not_apply_is_left_out_of_the_mean() -> None:
    def judge(answer: str, aspect: str) -> Any:
        return {"honesty": "N/A", "truthfulness": None}.get(aspect, 4 if answer == "a" else "n/a")

    found, _ = judged(JudgeAnswers(engine="j"), {"answers": ["a", "b"]}, judge)
    assert found["honesty"] == [None, None] and found["helpfulness"] == [4, None]
    assert found["scores"] == [4.0, None]


@pytest.mark.parametrize("rating", [0, 6, -1, 2.5, True, "good", "٣", [], float("nan")])
def test_a_rating_that_is_none_is_asked_for_again(rating: Any) -> None:
    with pytest.raises(BadReply, match=r"not 1 to 5|no JSON number"):
        judged(JudgeAnswers(engine="j"), {"answers": ["a"]}, lambda answer, aspect: rating)


@pytest.mark.parametrize("rating", [3, 3.0, "3", " 3 "])
def test_a_rating_may_be_written_in_other_ways(rating: Any) -> None:
    found, _ = judged(JudgeAnswers(engine="j"), {"answers": ["a"]}, lambda answer, aspect: rating)
    assert found["scores"] == [3.0]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no JSON", "unparseable"),
        ('{"A": 3}', "schema"),
        ('{"A": {"reason": "x", "honesty": 1}}', "schema"),
        ('{"B": {}}', "schema"),
    ],
)
def test_a_reply_of_another_form_is_bad(text: str, kind: str) -> None:
    with pytest.raises(BadReply) as error:
        JudgeAnswers(engine="j")._parse(Reply(text), "A")
    assert error.value.kind == kind


def test_aspects_of_ones_own() -> None:
    step = JudgeAnswers(engine="j", aspects={"wit": "is it funny?"}, column="fun", reasons="why")
    found, (request,) = judged(step, {"answers": ["ha", "h"]}, by_length)
    assert found == {"wit": [2, 1], "fun": [2.0, 1.0], "why": ["of ha", "of h"]}
    assert "wit: is it funny?" in request.messages[-1]["content"]


def test_a_conversation_is_told_to_the_judge_by_turns() -> None:
    chat = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Q"},
    ]
    _, (request,) = judged(JudgeAnswers(engine="j"), {"instruction": chat, "answers": ["a"]}, by_length)
    assert "user: Hi\n\nassistant: Yes?\n\nuser: Q" in request.messages[-1]["content"]


def test_more_answers_than_letters_fail_the_row() -> None:
    with pytest.raises(RowFailed, match="27 answers"):
        judged(JudgeAnswers(engine="j"), {"answers": [str(i) for i in range(27)]}, by_length)


def test_mistakes_are_told() -> None:
    assert "reads `instruction`" in " ".join(JudgeAnswers(engine="j", template="answer").check())
    assert "cannot be called `scores`" in " ".join(JudgeAnswers(engine="j", aspects={"scores": "?"}).check())
    assert not list(JudgeAnswers(engine="j").check())
