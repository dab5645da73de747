"""From marks to figures: what may be compared with what, and how many comparisons there are."""

from itertools import pairwise

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


@pytest.mark.parametrize(
    ("low", "p", "adjusted", "items", "said"),
    [
        (-0.1, 0.2, 0.2, 9, "cannot be told apart"),
        (0.1, 0.04, 0.12, 9, "cannot be told apart: alone p = 0.04, and others were looked at too (Holm)"),
        (0.1, 0.06, 0.06, 9, "cannot be told apart: only 9 items"),
        (0.1, 0.06, 0.06, 90, "cannot be told apart: the test is less sure than the interval"),
        (0.1, 0.01, 0.02, 9, "better"),
    ],
)
def test_a_verdict_says_why_it_is_not_the_intervals(
    low: float, p: float, adjusted: float, items: int, said: str
) -> None:
    from smoltalk.eval.intervals import Difference
    from smoltalk.eval.written import verdict

    assert verdict(Difference(1.0, low, 2.0, p, items), adjusted, False) == said


def test_a_judge_that_cannot_be_read_is_told() -> None:
    none = Mark("1", {"win rate": (0.0, 0.0), "agreement": (0.0, 0.0)}, why="no verdict")
    won = Mark("2", {"win rate": (1.0, 1.0), "agreement": (1.0, 1.0)})
    left = list(counting.left_out({("side_by_side: verdicts", "a"): [none, won, none]}))
    assert list(remarks(Results(left_out=left))) == [
        "side_by_side: the judge's replies could not be read for 2 of 3 prompts of a"
    ]


def test_of_a_tasks_fields_the_page_shows_what_was_given() -> None:
    from smoltalk.eval.page import _given

    made = tasks(["exact: {data: q.jsonl, form: letter, ask: ''}", "gsm8k: {limit: 5}", "curriculum: {domains: [a]}"])
    said = [_given({"task": type(one).__name__, **one.model_dump(mode="json"), "files": []}) for one in made.values()]
    assert said == ['exact, data: q.jsonl, form: letter, ask: ""', "gsm8k, limit: 5", "curriculum, domains: a"]
    assert _given({"task": "Unknown", "limit": 4}) == "Unknown, limit: 4"


def test_a_margin_that_is_the_same_everywhere_is_no_share_of_it() -> None:
    of = tasks(["preferences: {data: x}"])
    marks = [Mark(str(n), {"accuracy": (0.5, 1.0), "margin": (0.0, 1.0)}) for n in range(10)]
    both = {("preferences", "a"): marks, ("preferences", "b"): marks}
    accuracy, margin = (one.estimate for one in counting.scores(of, {("preferences", "a"): marks}))
    assert accuracy.low < 0.5 < accuracy.high and (margin.low, margin.high) == (0, 0)
    differs = counting.versus(of, both, "b")[1].difference
    assert (differs.low, differs.high) == (0, 0)


def test_labels_of_ticks_keep_apart_and_less_is_said_to_be_better() -> None:
    from xml.etree import ElementTree

    from smoltalk.eval.page import page
    from smoltalk.eval.page_charts import Dot, intervals

    for step in (0.001, 0.0125, 1.0, 1e5):
        dots = [Dot(f"model-{n}", n * step, n * step, (n + 1) * step, "") for n in range(3)]
        root = ElementTree.fromstring(str(intervals(dots, "of reward", "", zero=True)))
        ticks = [one for one in root.iter("{http://www.w3.org/2000/svg}text") if _is_number(one.text)]
        places = [float(one.get("transform", "").removeprefix("translate(").partition(",")[0]) for one in ticks]
        widest = max(len(one.text or "") for one in ticks) * 7  # a browser's letters of 11 pixels
        assert len(places) > 1 and min(b - a for a, b in pairwise(places)) > widest, step
    other = losses(30, 10)
    found = counting.versus(LOSS, {("loss", "a"): losses(20, 10), ("loss", "b"): other}, "b")
    of = Results(models=[{"name": name, "given": name, "plan": ""} for name in "ab"], versus=found)
    (figure,) = page(of, {}).sections[0].figures
    assert "Right of the line is more; of loss and loss of a byte, less is better" in figure.caption


def _is_number(text: str | None) -> bool:
    return bool(text) and (text or "").strip("−-0123456789.,") == ""
