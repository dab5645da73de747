"""Choose: what is better is better by all that decides, and where nothing is, nothing is chosen."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.steps.choose import Choose

CURRICULUM = {"curriculum": {"of": "response", "prompt": "instruction"}}


def chosen(step: Choose, answers: list[Any], scores: list[Any] | None = None, **more: Any) -> Row:
    by = more.pop("answered_by", [f"e{i}" for i in range(len(answers))])
    row = {"id": "1", "instruction": "What is 2 + 3?", "answers": answers, "answered_by": by, "scores": scores, **more}
    return asyncio.run(step.write(row, None))  # type: ignore[arg-type]


def said(turns: list[dict[str, str]]) -> str:
    (turn,) = turns
    assert turn["role"] == "assistant"
    return turn["content"]


def test_best_against_worst_by_scores() -> None:
    found = chosen(Choose(scores="scores"), ["good", "bad", "best"], [1.0, -1.0, 2.5])
    assert found["prompt"] == [{"role": "user", "content": "What is 2 + 3?"}]
    assert (said(found["chosen"]), said(found["rejected"])) == ("best", "bad")
    assert (found["margin"], found["chosen_by"], found["rejected_by"]) == (3.5, "e2", "e1")
    assert (found["chosen_score"], found["rejected_score"], found["choice"]) == (2.5, -1.0, "made")


@pytest.mark.parametrize(
    ("answers", "scores", "why"),
    [
        (["a", "b"], [1.0, 1.0], "tie"),
        (["a", "b"], [1.0, 0.6], "margin_too_small"),
        (["a", "A "], [1.0, 0.0], "same_answers"),
        (["a"], [1.0], "one_answer"),
        (["a", "b"], [1.0, None], "one_answer"),
        (["a", "b"], [1.0, float("nan")], "one_answer"),
        (["a", " "], [1.0, 0.0], "one_answer"),
    ],
)
def test_answers_that_do_not_differ_are_no_pair_and_the_row_says_why(
    answers: list[str], scores: list[Any], why: str
) -> None:
    found = chosen(Choose(scores="scores", margin=0.5), answers, scores)
    assert (found["choice"], found["chosen"], found["rejected"], found["margin"]) == (why, [], [], None)


@pytest.mark.parametrize("rejected", ["worst", "random"])
def test_the_chosen_answer_in_other_letters_is_never_the_rejected_one(rejected: Any) -> None:
    step = Choose(prefer=("strong", "weak"), rejected=rejected)
    for number in range(20):
        found = chosen(step, ["Yes.", "YES. ", "No."], answered_by=["strong", "weak", "weak"], id=str(number))
        assert (said(found["chosen"]), said(found["rejected"])) == ("Yes.", "No.")


@given(
    scores=st.lists(st.one_of(st.none(), st.floats(-3, 3).map(lambda x: round(x, 1))), min_size=1, max_size=6),
    margin=st.sampled_from([0.0, 0.3, 1.0]),
    rejected=st.sampled_from(["worst", "random"]),
)
def test_rejected_is_never_as_good_as_chosen(scores: list[float | None], margin: float, rejected: Any) -> None:
    answers = [f"answer {i}" for i in range(len(scores))]
    found = chosen(Choose(scores="scores", margin=margin, rejected=rejected), answers, scores)
    numbers = [score for score in scores if score is not None]
    possible = len(numbers) > 1 and max(numbers) > min(numbers) and max(numbers) - min(numbers) >= margin
    assert (found["choice"] == "made") == possible
    if possible:
        better, worse = found["chosen_score"], found["rejected_score"]
        assert better == max(numbers) > worse and better - worse >= margin and found["margin"] == better - worse
        assert scores[answers.index(said(found["chosen"]))] == better
        assert scores[answers.index(said(found["rejected"]))] == worse
        assert rejected == "random" or worse == min(numbers)


@given(order=st.permutations(range(5)))
def test_the_place_in_the_list_decides_nothing(order: list[int]) -> None:
    answers, scores = [f"answer {i}" for i in range(5)], [1.0, 1.0, 0.0, 0.0, 0.5]
    for how in ("worst", "random"):
        step = Choose(scores="scores", rejected=how)  # type: ignore[arg-type]
        straight = chosen(step, answers, scores)
        mixed = chosen(step, [answers[i] for i in order], [scores[i] for i in order])
        assert (straight["chosen"], straight["rejected"]) == (mixed["chosen"], mixed["rejected"])


def test_random_takes_any_that_is_worse_by_the_margin() -> None:
    answers, scores = ["best", "good", "poor", "bad"], [3.0, 2.9, 1.0, 0.0]
    step = Choose(scores="scores", rejected="random", margin=1.0)
    seen = {said(chosen(step, answers, scores, id=str(i))["rejected"]) for i in range(50)}
    assert seen == {"poor", "bad"}


def test_a_verifier_has_the_chosen_pass_and_the_rejected_fail() -> None:
    step = Choose(verifier=CURRICULUM)
    assert step.reads() == {"instruction", "answers", "answered_by"}
    found = chosen(step, ["2 + 3 = 6.", "2 + 3 = 5."])
    assert (said(found["chosen"]), said(found["rejected"]), found["margin"]) == ("2 + 3 = 5.", "2 + 3 = 6.", 1.0)
    assert chosen(step, ["2 + 3 = 6.", "2 + 3 = 7."])["choice"] == "none_passed"
    assert chosen(step, ["2 + 3 = 5.", "The answer is 5."])["choice"] == "none_failed"


def test_scores_that_contradict_the_verifier_make_no_pair() -> None:
    found = chosen(Choose(verifier=CURRICULUM, scores="scores"), ["2 + 3 = 6.", "2 + 3 = 5."], [1.0, 0.0])
    assert found["choice"] == "disagree"


def test_who_is_preferred_wins() -> None:
    step = Choose(prefer=("strong", "weak"))
    found = chosen(step, ["a", "b"], answered_by=["weak", "strong"])
    assert (said(found["chosen"]), found["chosen_by"], found["rejected_by"], found["margin"]) == (
        "b", "strong", "weak", None
    )  # fmt: skip
    assert chosen(step, ["a", "b"], answered_by=["strong", "strong"])["choice"] == "one_answer"
    assert chosen(step, ["a", "b"], answered_by=["strong", "other"])["choice"] == "one_answer"
    both = Choose(prefer=("strong", "weak"), scores="scores")
    assert chosen(both, ["a", "b"], [0.0, 1.0], answered_by=["strong", "weak"])["choice"] == "disagree"


def test_answers_may_stand_in_columns_of_their_own() -> None:
    step = Choose(answers=("full", "relaxed"), prefer=("full", "relaxed"), verifier=CURRICULUM)
    assert step.reads() == {"instruction", "full", "relaxed"}
    found = chosen(step, [], full="2 + 3 = 5.", relaxed="2 + 3 = 1.")
    assert (found["choice"], found["chosen_by"], found["rejected_by"]) == ("made", "full", "relaxed")
    assert chosen(step, [], full="2 + 3 = 1.", relaxed="2 + 3 = 5.")["choice"] == "disagree"
    found = chosen(step, [], full=["2 + 3 = 4.", "2 + 3 = 5."], relaxed=["2 + 3 = 1."])
    assert (said(found["chosen"]), said(found["rejected"])) == ("2 + 3 = 5.", "2 + 3 = 1.")


def test_columns_of_answers_have_columns_of_scores() -> None:
    step = Choose(answers=("a", "b"), scores=("x", "y"), margin=0.5)
    assert step.reads() == {"instruction", "a", "b", "x", "y"}
    found = chosen(step, [], a=["one", "two"], b="three", x=[1.0, 3.0], y=0.0)
    assert (said(found["chosen"]), found["chosen_by"], found["rejected_by"], found["margin"]) == ("two", "a", "b", 3.0)


def test_a_conversation_is_handed_on_as_the_prompt() -> None:
    chat = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Bye"},
    ]
    found = chosen(Choose(of="messages", scores="scores"), ["a", "b"], [1, 0], messages=chat)
    assert found["prompt"] == chat and found["margin"] == 1.0


def test_lists_of_different_lengths_fail_the_row() -> None:
    with pytest.raises(RowFailed, match="2 answers"):
        chosen(Choose(scores="scores"), ["a", "b"], [1.0])
    with pytest.raises(RowFailed, match="holds nothing"):
        chosen(Choose(scores="scores"), ["a"], [1.0], instruction="")


def test_mistakes_are_told() -> None:
    def told(**fields: Any) -> str:
        return " ".join(Choose(**fields).check())

    assert "what is better" in told()
    assert "difference of scores" in told(prefer=("a", "b"), margin=1.0)
    assert "not one of `answers`" in told(answers=("a", "b"), prefer=("a", "c"))
    assert "two at least" in told(prefer=("a",))
    assert "names 2 columns and `scores` 1" in told(answers=("a", "b"), scores="scores")
    assert "does not read `other`" in told(verifier=CURRICULUM, verified_as="other")
    assert told(scores="scores", margin=0.5) == ""
