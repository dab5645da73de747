"""The curriculum verifier knows right from wrong, and what it does not know."""

from itertools import chain

import pytest

from smoltalk.rows import message
from smoltalk.verifiers.curriculum import Curriculum


def verdict(*exchanges: tuple[str, str]) -> tuple[str, str]:
    turns = chain.from_iterable((message("user", q), message("assistant", a)) for q, a in exchanges)
    outcome = Curriculum().verify({"messages": list(turns)})
    return outcome.verdict, outcome.reason


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        ([("What is 9 + 37?", "9 + 37 = 46.")], ("pass", "plus")),
        ([("What is 9 + 37?", "9 + 37 = 45.")], ("fail", "plus")),
        ([("Prove Fermat's last theorem.", "No.")], ("unknown", "not in the curriculum")),
        (
            [("What is 2 + 3?", "2 + 3 = 5."), ("Who am I?", "You.")],
            ("unknown", "plus: not all in the curriculum"),
        ),
        ([("What is 2 + 3?", "2 + 3 = 5."), ("What is the capital of Chile?", "Lima.")], ("fail", "plus")),
        ([], ("unknown", "not in the curriculum")),
    ],
)
def test_verdicts(exchanges: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    assert verdict(*exchanges) == expected


def test_one_column_is_judged_as_the_answer_to_another() -> None:
    verifier = Curriculum(of="response", prompt="instruction")
    assert verifier.reads() == {"response", "instruction"}
    assert verifier.verify({"instruction": "What is 9 + 37?", "response": "9 + 37 = 46."}).verdict == "pass"


def test_half_a_pair_of_columns_is_a_mistake() -> None:
    assert list(Curriculum(of="response").check())
    assert list(Curriculum(prompt="instruction").check())
    assert not list(Curriculum().check())
