"""The measurement of verifications runs, at a toy size; never how fast anything is."""

import importlib.util

from bench.verifications import AIM, answers, cases, results
from smoltalk.constraints import constraints


def test_at_a_toy_size() -> None:
    found = list(results(quick=True))
    assert len(found) == (3 if importlib.util.find_spec("lm_eval") else 1)
    assert all(one.value > 0 and one.rival_value > 0 for one in found)
    assert found[0].rival_value == AIM


def test_answers_are_of_the_length_that_is_told_and_every_constraint_is_asked() -> None:
    texts = answers(20)
    assert texts == answers(20)
    assert 100 < sum(len(text.split()) for text in texts) / len(texts) < 200
    assert {id for id, _ in cases(constraints())} == set(constraints())
