"""First_passing: of several answers, one that passes and one that fails."""

import asyncio
from typing import Any

import pytest

from smoltalk.contracts import Outcome
from smoltalk.errors import RowFailed, UserError
from smoltalk.rows import Row
from smoltalk.steps.first_passing import FirstPassing
from smoltalk.verifiers.python_tests import PythonTests

SUM = {"curriculum": {"of": "response", "prompt": "question"}}
RIGHT, WRONG, LONG = "2 + 3 = 5.", "2 + 3 = 6.", "Let us see, 2 + 3 = 5."


def written(answers: Any, scripted: Any, **fields: Any) -> Row:
    step = FirstPassing(verifier=SUM, **fields)
    return asyncio.run(step.write({"question": "What is 2 + 3?", "answers": answers}, scripted([])))


@pytest.fixture
def by_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that hold a 5 are right, `?` cannot be told."""

    def verify(self: Any, row: Row) -> Outcome:
        answer = row["response"]
        return Outcome(verdict="unknown" if answer == "?" else "pass" if "5" in answer else "fail", reason=answer[:9])

    monkeypatch.setattr("smoltalk.verifiers.curriculum.Curriculum.verify", verify)


@pytest.mark.usefixtures("by_text")
def test_the_first_that_passes_is_kept_beside_one_that_fails(scripted: Any) -> None:
    assert written([WRONG, LONG, RIGHT], scripted) == {
        "response": LONG,
        "verified": "pass",
        "verified_reason": LONG[:9],
        "passed": 2,
        "rejected_response": WRONG,
        "rejected_responses": [WRONG],
        "rejected_reasons": [WRONG[:9]],
    }
    several = written([WRONG, RIGHT, "7", WRONG], scripted)
    assert (several["rejected_responses"], several["rejected_reasons"]) == (
        [WRONG, "7", WRONG],
        [WRONG[:9], "7", WRONG[:9]],
    )
    assert written([WRONG, LONG, RIGHT], scripted, keep="shortest")["response"] == RIGHT


@pytest.mark.usefixtures("by_text")
def test_without_one_that_passes_the_first_says_why(scripted: Any) -> None:
    row = written(["?", WRONG], scripted)
    assert (row["response"], row["verified"], row["passed"]) == ("?", "unknown", 0)
    assert row["rejected_response"] == WRONG
    assert written([WRONG], scripted)["rejected_response"] is None
    assert written([RIGHT, RIGHT], scripted)["rejected_response"] is None


@pytest.mark.parametrize("answers", [None, [], ["", " "], [None]])
def test_a_row_without_answers_fails(answers: Any, scripted: Any) -> None:
    with pytest.raises(RowFailed, match="holds no answers"):
        written(answers, scripted)


def test_columns_and_mistakes() -> None:
    step = FirstPassing(verifier=SUM)
    assert step.reads() == {"question", "answers"}
    rejected = {"rejected_response", "rejected_responses", "rejected_reasons"}
    assert step.writes() == {"response", "verified", "verified_reason", "passed"} | rejected
    assert list(step.check()) == []
    assert "does not read it" in next(FirstPassing(verifier={"python_tests": {"code": "x"}}).check())
    with pytest.raises(UserError, match="python_tests"):
        FirstPassing(verifier="python_test")


def test_slow_verifiers_leave_the_loop_to_others(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    where: list[int] = []

    def verify(self: Any, row: Row) -> Outcome:
        where.append(threading.get_ident())
        return Outcome(verdict="pass")

    monkeypatch.setattr(PythonTests, "verify", verify)
    step = FirstPassing(verifier="python_tests")
    asyncio.run(step.write({"answers": ["x"], "tests": ""}, scripted([])))
    assert where and threading.get_ident() not in where
