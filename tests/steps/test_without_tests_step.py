"""Without_tests: an answer parted from the tests it brings."""

import asyncio
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.steps.without_tests import WithoutTests

ANSWER = "So:\n```python\nx = 1\n```\n**Tests**\n```python\nassert x == 1\n```"


def test_solution_and_tests(scripted: Any) -> None:
    row = asyncio.run(WithoutTests(of="answer").write({"answer": ANSWER}, scripted([])))
    assert row == {"solution": "So:\n```python\nx = 1\n```", "tests": "assert x == 1"}


@pytest.mark.parametrize("answer", [None, "", " ", 3])
def test_no_answer_fails(answer: Any, scripted: Any) -> None:
    with pytest.raises(RowFailed, match="holds no answer"):
        asyncio.run(WithoutTests().write({"response": answer}, scripted([])))
