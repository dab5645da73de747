"""Where semantics agree, so do verdicts: ours beside lm-eval's IFEval checkers, on generated texts.

Runs where lm-eval is installed (`pip install "lm-eval[ifeval]"`), which the project does not need. NLTK's data
are not asked for: without them Punkt is used untrained and words are cut by NLTK's tokenizer alone, which is the same
on texts without abbreviations.
"""

import random
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smoltalk.constraints import IFEVAL, conflicts, constraints, verify_constraints
from tests.constraints.keeping import built, paragraph
from tests.constraints.reference import reference as reference

pytest.importorskip("lm_eval", reason="pip install 'lm-eval[ifeval]'")
pytestmark = pytest.mark.filterwarnings("ignore")

TASK = "Describe a barn that nobody uses."
BY_LANGUAGE = ("language:response_language", "change_case:english_capital", "change_case:english_lowercase")
BY_NLTK = ("length_constraints:number_sentences", "change_case:capital_word_frequency")
EXACT = sorted(IFEVAL - {*BY_LANGUAGE, *BY_NLTK})
PIECES = (
    *(
        "barn",
        "grass",
        "Bread",
        "OVEN",
        "children,",
        "“old”",
        '"new"',
        "don't",
        "7",
        "1.",
        "a",
        ".",
        "!",
        "?",
        ":",
        "'",
    ),
    *(
        '"',
        "(",
        "*",
        "**",
        "***",
        "******",
        "* a",
        "- b",
        "---",
        "[x]",
        "[]",
        "[",
        "]",
        "<<A barn>>",
        "<<",
        ">>",
        "*b*",
    ),
    *("**b**", "SECTION 1", "Section 2", "Part 3", "P.S.", "P.P.S", "p. s.", "{}", '{"a":1}', "```", "```json"),
    *("My answer is yes.", "Does that help?", "winter"),
)


def kept_there(reference: Any, one: Any, text: str) -> bool:
    """The reference's verdict, as its task asks for it: an empty answer is never right."""
    checker = reference.INSTRUCTION_DICT[one.id](one.id)
    checker.build_description(**one.kwargs())
    return bool(text.strip() and checker.check_following(text))


@pytest.mark.parametrize("id", sorted(IFEVAL))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_on_texts_built_to_keep_or_to_break_it(reference: Any, id: str, seed: int) -> None:
    rng = random.Random(seed)
    one = constraints()[id].draw(rng, TASK)
    if id in BY_LANGUAGE[:1]:
        one = type(one)(language="de")
    for text, kept in zip(built(one, rng), (True, False), strict=True):
        assert kept_there(reference, one, text) is kept, (one, text)


@pytest.mark.parametrize("id", EXACT)
@given(
    seed=st.integers(0, 2**32),
    pieces=st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from((" ", " ", "\n", "\n\n", ""))), max_size=14),
)
@settings(max_examples=400, deadline=None)
def test_on_texts_that_are_made_of_what_they_look_for(
    reference: Any, id: str, seed: int, pieces: list[tuple[str, str]]
) -> None:
    text = "".join(part for piece in pieces for part in piece)
    rng = random.Random(seed)
    one = constraints()[id].draw(rng, rng.choice(("Barn", "Barn.", "grass")))
    if id == "detectable_format:number_bullet_lists":
        assume(not re.search(r"^\s*\*\s*$", text, re.M))
    if id == "length_constraints:nth_paragraph_first_word":
        assume("\n\n\n" not in text)
    assert (verify_constraints(text, [one]).outcome.verdict == "pass") is kept_there(reference, one, text)


@pytest.mark.parametrize("id", BY_NLTK)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_on_prose(reference: Any, id: str, seed: int, count: int) -> None:
    rng = random.Random(seed)
    text = " ".join(paragraph(rng) for _ in range(count)) + rng.choice(
        ("", " I SAT IN A WELL-KNOWN BARN.", " Why? Oh!")
    )
    one = constraints()[id].draw(rng, TASK)
    assert (one.check(text).verdict == "pass") is kept_there(reference, one, text)


def test_conflicts_are_the_symmetric_closure_of_the_reference_and_three_more(reference: Any) -> None:
    theirs = {frozenset((a, b)) for a, others in reference.INSTRUCTION_CONFLICTS.items() for b in others if a != b}
    ours = {frozenset((a, b)) for a, others in conflicts().items() for b in others if {a, b} <= IFEVAL}
    added = "keywords:letter_frequency length_constraints:nth_paragraph_first_word change_case:capital_word_frequency"
    assert ours - theirs == {frozenset(("language:response_language", id)) for id in added.split()}
    assert theirs <= ours
