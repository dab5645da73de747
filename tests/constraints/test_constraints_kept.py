"""Laws of every constraint: a text built to keep it passes; broken in one place it fails and says how to mend it."""

import asyncio
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.constraints import Constraint, constraint, constraints, verify_constraints
from smoltalk.errors import UserError
from smoltalk.steps.sample_constraints import SampleConstraints
from smoltalk.verifiers.constraints import Constraints
from tests.constraints.keeping import COUNTED, IN_LANGUAGE, OTHERS, built

EVERY = sorted(constraints())
SEEDS = st.integers(0, 2**32)
TASK = "Describe a barn that nobody uses."


def drawn(id: str, rng: Random) -> Constraint:
    one = constraints()[id].draw(rng, TASK)
    if id == "language:response_language":
        one = constraint(id, {"language": rng.choice(sorted(IN_LANGUAGE))})
    return one


def test_every_constraint_has_a_text() -> None:
    assert set(EVERY) == COUNTED.keys() | OTHERS.keys()


@pytest.mark.parametrize("id", EVERY)
@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_text_built_to_keep_it_passes_and_its_mutation_fails(id: str, seed: int) -> None:
    rng = Random(seed)
    one = drawn(id, rng)
    kept, broken = built(one, rng)
    assert one.check(kept).verdict == "pass", (one, kept, one.check(kept).reason)
    outcome = one.check(broken)
    assert outcome.verdict == "fail", (one, broken)
    assert len(outcome.reason) > 12, "a model is to mend it by this"


@pytest.mark.parametrize("id", EVERY)
@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_kwargs_are_drawn_stated_and_written_down_alike(id: str, seed: int) -> None:
    one, again = drawn(id, Random(seed)), drawn(id, Random(seed))
    assert one == again
    assert constraint(id, one.kwargs()) == one == constraint(id, json.dumps(one.kwargs()))
    said = one.state(Random(seed))
    assert said == again.state(Random(seed))
    assert "{" not in said and "['" not in said


@pytest.mark.parametrize("id", EVERY)
def test_every_wording_states_every_kwarg(id: str) -> None:
    cls = constraints()[id]
    shown_as = {"level": "{marks}", "prompt_to_repeat": "request"}
    for wording in cls.wordings:
        for name in cls.model_fields:
            assert shown_as.get(name, f"{{{name}}}") in wording


@pytest.mark.parametrize("id", EVERY)
def test_kwargs_are_strict(id: str) -> None:
    kwargs = drawn(id, Random(1)).kwargs()
    wrong = [{**kwargs, "nonsense": 1}, [kwargs], 3]
    for name in kwargs:
        wrong += [{k: v for k, v in kwargs.items() if k != name}, {**kwargs, name: None}]
        wrong += [{**kwargs, name: other} for other in ({"a": 1}, 1.5, True, "", [], 0, -1)]
    for one in wrong:
        with pytest.raises(UserError) as error:
            verify_constraints("x", [{"id": id, "kwargs": one}])
        assert all(id in p.sentence for p in error.value.problems), error.value


@pytest.mark.parametrize("id", EVERY)
@given(text=st.text(max_size=400), seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_any_text_gets_a_verdict_and_always_the_same(id: str, text: str, seed: int) -> None:
    one = drawn(id, Random(seed))
    assert one.check(text) == one.check(text)
    assert one.check(text).verdict in ("pass", "fail", "unknown")


HOSTILE = (
    "[",
    "<<",
    "*",
    ".",
    "\n",
    "- ",
    "#",
    "|",
    "a",
    "`",
    '"',
    "(",
    "1",
    "{",
    " ",
    "n't",
    "'",
    "*x",
    "|-",
    "。",
    "A.",
)


@pytest.mark.parametrize("id", EVERY)
@pytest.mark.timeout(20)
def test_the_time_a_hostile_text_takes_grows_no_faster_than_the_text(id: str) -> None:
    one = drawn(id, Random(3))
    for piece in HOSTILE:
        one.check(piece * (300_000 // len(piece)) + "x")


@given(word=st.text(min_size=1, max_size=12).filter(str.strip))
def test_keywords_are_themselves_and_no_patterns(word: str) -> None:
    try:
        there = constraint("keywords:existence", {"keywords": [word]})
        barred = constraint("keywords:forbidden_words", {"forbidden_words": [word]})
    except UserError:  # a lone surrogate is no text
        return
    text = f"one {there.kwargs()['keywords'][0]} two"
    assert there.check(text).verdict == "pass"
    assert barred.check(text).verdict == "fail"


def test_marks_in_keywords_are_escaped() -> None:
    def verdict(id: str, kwargs: object, text: str) -> str:
        return verify_constraints(text, [{"id": id, "kwargs": kwargs}]).outcome.verdict

    assert verdict("keywords:existence", {"keywords": ["a.c"]}, "abc") == "fail"
    assert verdict("keywords:frequency", {"keyword": ".", "frequency": 2, "relation": "less than"}, "abc.") == "pass"
    assert verdict("keywords:forbidden_words", {"forbidden_words": ["C++"]}, "Learn C++ now") == "fail"
    assert verdict("keywords:forbidden_words", {"forbidden_words": ["C++"]}, "Learn C now") == "pass"
    assert verdict("detectable_content:postscript", {"postscript_marker": "N.B."}, "nxbx") == "fail"


BLANK = ("", " ", "\n\t\n", "\u2003")


@pytest.mark.parametrize("id", EVERY)
def test_a_text_that_shows_nothing_keeps_none(id: str) -> None:
    for text in BLANK:
        outcome = verify_constraints(text, [drawn(id, Random(5)), drawn(id, Random(6))]).outcome
        assert (outcome.verdict, outcome.reason) == ("fail", "the answer is empty")
        assert "-1" not in drawn(id, Random(5)).check(text).reason


@pytest.mark.parametrize("id", EVERY)
def test_a_kind_that_is_sampled_is_stated_and_verified_from_the_row(id: str) -> None:
    """What a pipeline does with each kind: an instruction, the answer that keeps it, one that does not."""
    row: dict[str, Any] = {"id": "r1", "task": TASK}
    step = SampleConstraints(of="task", among=(id,), min=1, max=1)
    if id == "language:response_language":
        one: Constraint = constraint(id, {"language": "de"})
        row |= {"constraints": [{"id": one.id, "kwargs": one.kwargs()}]}
    else:
        row |= asyncio.run(step.write(row, None))  # type: ignore[arg-type]  # asks no engine
        assert row["constraint_text"] and row["instruction"] == f"{TASK}\n\n{row['constraint_text']}"
        one = constraint(id, row["constraints"][0]["kwargs"])
    kept, broken = built(one, Random(8))
    row = json.loads(json.dumps(row))
    assert Constraints().verify(row | {"response": kept}).verdict == "pass"
    assert Constraints().verify(row | {"response": broken}).verdict == "fail"
