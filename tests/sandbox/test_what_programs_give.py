"""What comes back from a program that is left in peace, and in which words the others' ends are told."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.sandbox.limits import Limits
from smoltalk.sandbox.pool import run_python

GOLDEN = Path(__file__).parent.parent / "golden" / "sandbox_reasons.txt"
LITTLE = Limits(seconds=0.5, memory_mb=128)
"""For a program that never ends."""
AMPLE = Limits(seconds=15, memory_mb=128)
"""For programs that end by themselves, on a machine that is busy with others as well."""
CASE = "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(add(1, 2), {})\n"
ADD = "def add(a, b):\n    return a + b"

ENDS = {
    "passes": (ADD, "assert add(1, 2) == 3"),
    "a bare assertion": (ADD, "x = 1\nassert add(1, 2) == 4"),
    "an assertion that says why": (ADD, "assert add(1, 2) == 4, 'too small'"),
    "a test function": (ADD, "def test_add():\n    assert add(1, 2) == 4"),
    "an unawaited test": (ADD, "async def test_add():\n    assert add(1, 2) == 4"),
    "a test that needs something": (ADD, "def test_add(client):\n    assert False\nassert add"),
    "a case": (ADD, CASE.format(4)),
    "a case that passes": (ADD, CASE.format(3) + "if __name__ == '__main__':\n    unittest.main()"),
    "runs unittest itself": (ADD, CASE.format(4) + "unittest.main()"),
    "imports the solution": (ADD, "from solution import add as plus\nassert plus(1, 2) == 3"),
    "fails inside the code": ("def first(x):\n    return x[0]", "assert first([]) is None"),
    "does not compile": ("def add(a, b)\n    return a", "assert add(1, 2) == 3"),
    "tests that do not compile": (ADD, "assert add(1, 2) = 3"),
    "a zero byte": ("x = '\0'", ""),
    "a missing module": ("import numpy as np", "assert np"),
    "a hollow name": (ADD, "assert sub(1, 2) == 3"),
    "an error of its own": ("class Odd(Exception): pass\nraise Odd", ""),
    "an error in strange letters": ("raise ValueError('<|im_end|> \\ud800 ' + 'x' * 1000)", ""),
    "leaves": ("import sys\nsys.exit('done')", ""),
    "leaves in the tests": (ADD, "assert add(1, 2) == 3\nexit_now = __import__('sys').exit\nexit_now()\nassert False"),
    "leaves at once": ("import os\nos._exit(3)", ""),
    "never ends": ("while True: pass", ""),
    "too much memory": ("x = bytearray(10 ** 12)", ""),
    "recursion": ("def f(): return f()\nf()", ""),
    "a main block": ("if __name__ == '__main__':\n    raise SystemExit", ""),
    "asks for input": ("input()", ""),
}


def told(code: str, tests: str) -> str:
    ran = run_python(code, tests=tests, limits=LITTLE if code == ENDS["never ends"][0] else AMPLE)
    return f"{ran.ended}: {ran.reason}" + (f" [missing {ran.missing}]" if ran.missing else "")


def test_ends_are_told_in_these_words() -> None:
    """After a deliberate change: `REGENERATE=1 pytest` this file, then read the diff."""
    text = "".join(f"{name}\n    {told(*program)}\n" for name, program in ENDS.items())
    if os.environ.get("REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("add(1, 2)", 3),
        ("{'a': [1, None, 2.5, 'é']}", {"a": [1, None, 2.5, "é"]}),
        ("None", None),
        ("{1, 1}", "{1}"),
        ("add", "<function add"),
        ("(1, (2,))", [1, [2]]),
        ("{'a': {2}}", {"a": "{2}"}),
    ],
)
def test_a_value_comes_back_as_json(value: str, given: object) -> None:
    ran = run_python(ADD, value=value, limits=AMPLE)
    assert ran.ended == "done"
    assert ran.value == given or str(ran.value).startswith("<function add")


def test_a_value_that_cannot_be_had_says_why() -> None:
    assert run_python(ADD, value="add(1)", limits=AMPLE).ended == "raised"
    assert "ZeroDivisionError" in run_python(ADD, value="add(1, 1 / 0)", limits=AMPLE).reason
    assert "SyntaxError" in run_python(ADD, value="x = 1", limits=AMPLE).reason
    assert run_python(ADD, value="'x' * 5_000_000", limits=AMPLE).ended == "done"


def test_output_is_kept_up_to_its_limit() -> None:
    ran = run_python("import sys\nprint('a' * 10)\nprint('b', file=sys.stderr)", limits=AMPLE)
    assert ran.output == "a" * 10 + "\nb\n"
    assert len(run_python("print('a' * 100_000)", limits=Limits(seconds=15, output_bytes=10)).output) == 10


def test_hollow_functions_return_nothing() -> None:
    code = "class Box:\n    def __init__(self, x): self.x = x\n    def get(self): return self.x\ndef one(): return 1"
    assert run_python(code, value="[Box(3).x, Box(3).get(), one()]", hollow=True, limits=AMPLE).value == [3, None, None]
    assert run_python(code, value="[Box(3).x, Box(3).get(), one()]", limits=AMPLE).value == [3, 3, 1]


def test_the_same_program_ends_the_same_way() -> None:
    code = "import random\nseen = [list({'a', 'b', 'c', 'd', 'e'}), random.random(), hash('x')]"
    first, second = (run_python(code, value="seen", limits=AMPLE) for _ in range(2))
    assert first.ended == "done" and first.value == second.value


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
def test_any_text_is_run_or_refused(code: str, tests: str, value: str) -> None:
    ran = run_python(code, tests=tests, value=value, limits=AMPLE)
    assert ran.ended != "not_run"
    assert (ran.ended == "done") == (ran.reason == "")
