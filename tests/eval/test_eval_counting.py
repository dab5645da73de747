"""From marks to figures: what may be compared with what, and how many comparisons there are."""

import pytest

from smoltalk.eval import counting
from smoltalk.eval.naming import tasks
from smoltalk.eval.page import remarks
from smoltalk.eval.results import Duel, Results
from smoltalk.eval.task import Mark

LOSS = tasks(["loss: {data: x}"])


def losses(nats: float, tokens: int, left_out: bool = False) -> list[Mark]:
    points = [{"loss": (nats + place % 3, tokens), "loss of a byte": (nats + place % 3, 40)} for place in range(20)]
    if left_out:
        points[0] = {"loss": (0.0, 0), "loss of a byte": (0.0, 0)}
    return [Mark(str(place), one, why="" if one["loss"][1] else "too long") for place, one in enumerate(points)]


def test_tokens_of_other_tokenizers_are_not_compared() -> None:
    marks = {("loss", "a"): losses(20, 10, left_out=True), ("loss", "b"): losses(30, 10)}
    assert [one.metric for one in counting.versus(LOSS, marks, "b")] == ["loss", "loss of a byte"]
    marks["loss", "b"] = losses(30, 12)
    (byte,) = counting.versus(LOSS, marks, "b")
    assert byte.metric == "loss of a byte" and byte.difference.items == 19 and byte.adjusted == byte.difference.p
    said = list(remarks(Results(versus=[byte], left_out=list(counting.left_out(marks)))))
    assert said[0].startswith("loss, loss of a byte: a -0.25") and "better" in said[0]
    assert said[1] == "loss: 1 of 20 items of a are in no figure: too long"


def test_verdicts_on_more_models_are_read_with_more_care() -> None:
    of = tasks(["side_by_side: {data: x}"])["side_by_side"]
    marks = [Mark(str(n), {"win rate": (float(n > 0), 1.0), "agreement": (1.0, 1.0)}) for n in range(7)]
    found = [one for model in "ab" for one in counting.duels("sbs", of, model, "c", marks)]
    (first, agreement, second, _) = counting.among_all(found)
    assert first.p == second.p == pytest.approx(16 / 128) and agreement.adjusted is None
    assert first.adjusted == second.adjusted == pytest.approx(32 / 128)
    said = list(remarks(Results(duels=counting.among_all(found))))
    assert len(said) == 2 and "the judge agrees with itself on 100.0 %" in said[0] and "(p = 0.25)" in said[0]


def test_more_words_are_not_better() -> None:
    of = tasks(["side_by_side: {data: x}"])
    few, many = (
        [Mark(str(n), {"words": (words + n, 1.0), "whole": (1.0, 1.0)}) for n in range(9)] for words in (2, 20)
    )
    found = counting.versus(of, {("side_by_side", "a"): many, ("side_by_side", "b"): few}, "b")
    (said,) = remarks(Results(versus=found))
    assert ": more (" in said
    assert isinstance(found[0].lower, type(None)) and not isinstance(found[0], Duel)
