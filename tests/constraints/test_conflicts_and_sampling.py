"""Sampled constraints fit together, are the same for the same row, and are stated one by one."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.constraints import IFEVAL, clash, conflicts, constraint, constraints, draw, fitting, read, stated

TASK = "Describe a barn that nobody uses."


def test_conflicts_are_symmetric_and_of_known_ids() -> None:
    known = conflicts()
    assert known.keys() == constraints().keys()
    for id, others in known.items():
        assert id not in others
        assert others <= known.keys()
        assert all(id in known[other] for other in others)


def test_of_the_pairs_of_ifeval_94_are_its_own_and_three_are_added() -> None:
    pairs = {frozenset((a, b)) for a, others in conflicts().items() for b in others if {a, b} <= IFEVAL}
    assert len(pairs) == 97
    assert sum("language:response_language" in pair for pair in pairs) == 13


def test_there_are_ifevals_25_and_more_of_our_own() -> None:
    assert len(IFEVAL) == 25
    assert len(constraints()) - 25 >= 15
    for cls in constraints().values():
        assert len(set(cls.wordings)) >= 2
        assert cls.__doc__


@given(st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_what_is_drawn_fits_together(seed: int, count: int) -> None:
    chosen = draw(Random(seed), TASK, count)
    assert 1 <= len(chosen) <= count
    assert chosen == draw(Random(seed), TASK, count)
    assert fitting(chosen)
    assert not any(clash(a, b) for a, b in combinations(chosen, 2))
    assert read([{"id": one.id, "kwargs": one.kwargs()} for one in chosen]) == chosen
    text = stated(Random(seed), chosen)
    assert text == stated(Random(seed), chosen)
    assert len(text) > 10 * len(chosen)


def test_every_constraint_is_drawn_sooner_or_later() -> None:
    rng = Random(5)
    assert {one.id for _ in range(3000) for one in draw(rng, TASK, 2)} == constraints().keys()


def test_no_instruction_that_is_too_long_is_to_be_repeated() -> None:
    rng = Random(5)
    drawn = [one.id for _ in range(3000) for one in draw(rng, "barn " * 200, 1)]
    assert "combination:repeat_prompt" not in drawn


CLASHES = [
    (("keywords:existence", {"keywords": ["Quiet"]}), ("words:forbidden_letter", {"letter": "q"})),
    (("keywords:existence", {"keywords": ["just"]}), ("keywords:forbidden_words", {"forbidden_words": ["just"]})),
    (("startend:end_checker", {"end_phrase": "Yes, all."}), ("punctuation:no_comma", {})),
    (("detectable_format:multiple_sections", {"section_spliter": "SECTION", "num_sections": 2}),
     ("change_case:english_lowercase", {})),
    (("edges:final_question", {}), ("marks:forbidden", {"marks": ["?"]})),
    (("keywords:letter_frequency", {"letter": "z", "let_frequency": 2, "let_relation": "at least"}),
     ("words:forbidden_letter", {"letter": "Z"})),
    (("startend:end_checker", {"end_phrase": "Understandably so."}), ("length:word_letters", {"max_letters": 9})),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), CLASHES)
def test_kwargs_that_cannot_both_be_kept_clash(a: tuple[str, object], b: tuple[str, object]) -> None:
    assert clash(constraint(*a), constraint(*b))
    assert clash(constraint(*b), constraint(*a))


def test_the_case_of_what_is_needed_is_free_where_its_check_is() -> None:
    lower = constraint("change_case:english_lowercase", {})
    assert not clash(lower, constraint("keywords:existence", {"keywords": ["Barn"]}))
    assert not clash(lower, constraint("detectable_content:postscript", {"postscript_marker": "P.S."}))


def test_lengths_that_exclude_each_other_do_not_fit() -> None:
    words = constraint("length_constraints:number_words", {"num_words": 30, "relation": "less than"})
    many = constraint("length_constraints:number_sentences", {"num_sentences": 15, "relation": "at least"})
    few = constraint("length_constraints:number_sentences", {"num_sentences": 3, "relation": "at least"})
    assert not fitting([words, many])
    assert fitting([words, few])
