"""Agrees: two solutions end in the same number."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.verifiers.agrees import Agrees, final_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("We add 3 and 4, so it is 7.", None),
        ("The answer is in step 2: 18", "18"),
        ("The answer is 2 + 3 = 5.", "5"),
        ("The answer is not 5 but 6.", "6"),
        ("I cannot solve this. Step 3.", None),
        ("the answer is twelve. There are 3 ways", None),
        ("1. Add 3 and 4.\n2. That is it.\n#### 7", "7"),
        ("\\boxed{18} as in step 2. The answer is in 3 parts", "18"),
        ("**Answer**: **42**", "42"),
        ("1.5e3", "1500"),
        ("the answer is 1.5 × 10^{-3} m", "0.0015"),
        ("1e99999", None),
        ("Answer: about 1 1/2", "1.5"),
        ("so \\boxed{-1\\frac{1}{2}}", "-1.5"),
        ("The answer is 42 apples in 3 boxes.", "42"),
        ("Answer: -5 degrees (not 12)", "-5"),
        ("so \\boxed{\\frac{3}{4}}", "0.75"),
        ("We get \\boxed{1,200} euros, and 7 remain.", "1200"),
        ("She sold 5.\n#### 1,250.50", "1250.5"),
        ("The answer is unclear, but 9", "9"),
        ("It costs $3.50", "3.5"),
        ("It costs $3.50 a kilo, 5km", None),
        ("3/4", "0.75"),
        ("from 10-5", None),
        ("a loss of −8", "-8"),
        ("half: .5", "0.5"),
        ("1/0", None),
        ("none at all", None),
        ("", None),
        (None, None),
    ],
)
def test_the_final_number(text: Any, number: str | None) -> None:
    assert final_number(text) == (None if number is None else Decimal(number))


@given(
    st.integers(min_value=-(10**12), max_value=10**12), st.sampled_from(["{:,}", "{}", "{}.0", "${}", "\\boxed{{{}}}"])
)
def test_a_number_is_itself_however_it_is_written(number: int, form: str) -> None:
    if number < 0 and form == "${}":
        form = "{}"
    row = {"a": f"First 3, then the answer is {form.format(number)} units.", "b": str(number)}
    assert Agrees(of="a", other="b").verify(row).verdict == "pass"
    assert Agrees(of="a", other="b").verify({**row, "b": str(number + abs(number) // 10 + 1)}).verdict == "fail"


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    final_number(text)


def test_the_verdict_says_what_was_found() -> None:
    verifier = Agrees(of="a", other="b")
    assert verifier.reads() == {"a", "b"}
    assert verifier.verify({"a": "5", "b": "6"}).reason == "`a` says 5, `b` says 6"
    assert verifier.verify({"a": "5", "b": "no idea"}).model_dump() == {
        "verdict": "unknown",
        "reason": "no final number in `b`",
    }
    assert verifier.verify({"a": "3.3333333", "b": "10/3"}).verdict == "pass"
    assert Agrees(of="a", other="b", tolerance=0).verify({"a": "3.3333333", "b": "10/3"}).verdict == "fail"


def test_nothing_is_asked_of_other_rows() -> None:
    verifier = Agrees(of="a", other="b", only={"task": "math"})
    assert verifier.reads() == {"a", "b", "task"}
    outcome = verifier.verify({"a": "5", "b": "6", "task": "code"})
    assert (outcome.verdict, outcome.reason) == ("unknown", "not checked"), "nobody has looked, so it is no pass"
    assert verifier.verify({"a": "5", "b": "6", "task": "math"}).verdict == "fail"


def test_endless_digits_are_read() -> None:
    assert Agrees(of="a", other="b").verify({"a": "9" * 30_000, "b": "1/" + "8" * 30_000}).verdict == "fail"
