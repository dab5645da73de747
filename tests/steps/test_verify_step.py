"""Verify: a verifier by name, its verdict as columns."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.steps.verify import Verify


def test_the_verdict_and_its_reason_become_columns(scripted: Any) -> None:
    step = Verify(verifier={"curriculum": {"of": "answer", "prompt": "question"}}, column="right")
    assert (step.reads(), step.writes()) == ({"answer", "question"}, {"right", "right_reason"})
    assert step.engines() == frozenset()
    row = asyncio.run(step.write({"question": "What is 2 + 3?", "answer": "2 + 3 = 5."}, scripted([])))
    assert row == {"right": "pass", "right_reason": "plus"}


@pytest.mark.parametrize(
    ("verifier", "said"),
    [
        ("curiculum", "did you mean `curriculum`?"),
        ({"curriculum": {"prompts": "x"}}, "no field `prompts` in `curriculum`"),
        ({"curriculum": {}, "other": {}}, "one name, or one `name: {fields}`"),
    ],
)
def test_mistakes_are_said(verifier: Any, said: str) -> None:
    with pytest.raises(UserError) as error:
        Verify(verifier=verifier)
    assert said in str(error.value)


def test_a_verifier_checks_itself() -> None:
    assert len(list(Verify(verifier={"curriculum": {"of": "answer"}}).check())) == 1
    assert list(Verify(verifier="curriculum").check()) == []
