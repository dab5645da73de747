"""Verify: a verifier by name, its verdict as columns."""

import asyncio
import threading
from typing import Any

import pytest

from smoltalk.contracts import Outcome
from smoltalk.errors import UserError
from smoltalk.steps.verify import Verify
from smoltalk.verifiers.python_tests import PythonTests


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


def test_a_slow_verifier_works_beside_the_loop(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[int] = []

    def verify(self: Any, row: Any) -> Outcome:
        where.append(threading.get_ident())
        return Outcome(verdict="pass")

    monkeypatch.setattr(PythonTests, "verify", verify)
    step = Verify(verifier={"python_tests": {"code": "answer"}})
    assert asyncio.run(step.write({"answer": "x", "tests": "y"}, scripted([])))["verified"] == "pass"
    assert where != [threading.get_ident()] and len(where) == 1
