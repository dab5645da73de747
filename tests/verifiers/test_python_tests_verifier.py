"""Python_tests: an answer passes when its tests do, and only when they can fail."""

from typing import Any

import pytest

from smoltalk.verifiers.python_tests import PythonTests

ANSWER = "Like this:\n```python\ndef add(a, b):\n    return a + b\n```\nThat is all."
VERIFIER = PythonTests(timeout=15, memory=128)
HASTY = PythonTests(timeout=0.5, memory=128)
"""For an answer that never ends."""
ENDLESS = "while True: pass"
_CALLED = "assert add(1, 2) == 3\n"
_BASE = "import unittest\nfrom unittest import TestCase as Base\n"
_POINT = "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int"
_NOT_FOUND = "ModuleNotFoundError (line 1 of the answer: raise ModuleNotFoundError(name='x'))"


@pytest.mark.parametrize(
    ("answer", "tests", "verdict", "reason"),
    [
        (ANSWER, "assert add(1, 2) == 3", "pass", ""),
        (ANSWER, ["assert add(1, 2) == 3", "assert add(0, 0) == 0"], "pass", ""),
        (ANSWER, "```python\nfrom solution import add\ndef test_add():\n    assert add(1, 2) == 3\n```", "pass", ""),
        (ANSWER, "assert add(1, 2) == 4", "fail", "AssertionError (line 1 of the tests: assert add(1, 2) == 4)"),
        ("def add(a): return <|im_end|>", "assert add", "fail", "SyntaxError: invalid syntax (line 1 of the answer)"),
        ("I cannot help.\n```json\n{}\n```", "assert True", "fail", "no Python in the answer"),
        ("", "assert True", "fail", "no Python in the answer"),
        (None, "assert True", "fail", "no Python in the answer"),
        ("raise ValueError('<|im_end|>')", "assert True", "fail", "ValueError: < |im_end|> (line 1 of the answer)"),
        ("import os; os._exit(0)", "assert True", "fail", "left early: os._exit(0)"),
        (ENDLESS, "assert True", "fail", "still running after 1 s"),
        (ANSWER, "", "unknown", "no tests"),
        (ANSWER, None, "unknown", "no tests"),
        (ANSWER, "print(add(1, 2))", "unknown", "the tests check nothing"),
        (ANSWER, "assert True", "unknown", "the tests pass too when every function returns nothing"),
        (ANSWER, "import numpy\nassert add(1, 2) == 3", "unknown", "needs module `numpy`, which the sandbox lacks"),
        ("raise ModuleNotFoundError(name='x')", "assert 0", "fail", _NOT_FOUND),
        ("add = lambda a, b: a + b", "assert add(1, 2) == 3", "pass", ""),
        (
            "add = lambda a, b: a + b",
            "assert True",
            "unknown",
            "the tests pass too when every function returns nothing",
        ),
        ("X = {1: 2}", "assert X[1] == 2", "pass", ""),
        ("X = {1: 2}", "assert True", "unknown", "the tests pass too when every function returns nothing"),
        (_POINT, "assert Point(1) == Point(1)", "pass", ""),
        (
            ANSWER,
            _CALLED + "class TestAdd:\n    def test(self): assert add(1, 2) == 4",
            "fail",
            "AssertionError (line 3 of the tests: def test(self): assert add(1, 2) == 4)",
        ),
        (
            ANSWER,
            _CALLED + _BASE + "class T(Base):\n    def test(self): self.assertEqual(add(1, 2), 4)",
            "fail",
            "AssertionError: 3 != 4 (line 5 of the tests)",
        ),
        (
            ANSWER,
            _CALLED + _BASE + "class T(Base):\n    def test(self): self.assertEqual(add(1, 2), 3)\n"
            "    @unittest.skip('later')\n    def test_b(self): assert 0",
            "pass",
            "",
        ),
        (
            ANSWER,
            _CALLED + "def test_it(client):\n    assert 0",
            "unknown",
            "a test was not called: `test_it` needs arguments",
        ),
        (
            ANSWER,
            _CALLED + "def test_it():\n    assert 0\ndef test_it():\n    assert add",
            "unknown",
            "a test was not called: `test_it` is defined twice",
        ),
        (
            ANSWER,
            _CALLED + "if __name__ == '__main__':\n    assert add(1, 2) == 4",
            "fail",
            "AssertionError (line 3 of the tests: assert add(1, 2) == 4)",
        ),
        (
            "def abs(x): return x",
            "assert abs(-1) == 1",
            "fail",
            "AssertionError (line 1 of the tests: assert abs(-1) == 1)",
        ),
    ],
)
def test_verdicts(answer: Any, tests: Any, verdict: str, reason: str) -> None:
    verifier = HASTY if answer == ENDLESS else VERIFIER
    outcome = verifier.verify({"response": answer, "tests": tests})
    assert (outcome.verdict, outcome.reason) == (verdict, reason)


def test_tests_need_not_be_proved() -> None:
    verifier = PythonTests(prove=False)
    assert verifier.verify({"response": ANSWER, "tests": "assert True"}).verdict == "pass"


def test_an_answer_may_bring_its_own_tests() -> None:
    verifier = PythonTests(code="answer", tests="answer", timeout=15, memory=128)
    assert verifier.reads() == {"answer"}
    own = ANSWER + "\nTests:\n```python\nassert add(1, 2) == {}\n```"
    assert verifier.verify({"answer": own.format(3)}).verdict == "pass"
    assert verifier.verify({"answer": own.format(4)}).verdict == "fail"
    assert verifier.verify({"answer": ANSWER}).reason == "no tests"


def test_it_reads_the_columns_it_names() -> None:
    assert PythonTests(code="solution").reads() == {"solution", "tests"}
