"""The gate of people: in the loop it lets every row through, and its fields mean what they say."""

import pytest
from pydantic import ValidationError

from smoltalk.gates.human import Human


def test_it_keeps_every_row_while_the_run_goes_on() -> None:
    gate = Human(sample=1, wait=True)
    judge = gate.open()
    assert all(judge.judge({"id": str(n)}).keep for n in range(3)) and gate.reads() == frozenset()


@pytest.mark.parametrize("wrong", [{}, {"sample": 0}, {"sample": 1, "by": "luck"}, {"sample": 1, "reviewers": 0}])
def test_fields_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Human.model_validate(wrong)


def test_what_decides_a_verdict_is_part_of_its_identity() -> None:
    assert Human(sample=1).identity() != Human(sample=1, reviewers=2).identity()
