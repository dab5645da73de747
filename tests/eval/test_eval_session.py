"""A whole evaluation: figures, models side by side, a judge, what is kept, and what is said of what cannot work."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.eval.naming import models, tasks
from smoltalk.eval.report import read_marks, write_report
from smoltalk.eval.results import Results
from smoltalk.eval.session import evaluate

GOOD = 'rules: [{when: "(\\\\d+) plus (\\\\d+)", say: ["The answer is {{ m[1]|int + m[2]|int }}."]}, {say: ["So."]}]'
BAD = 'rules: [{when: "(\\\\d+) plus 1\\\\b", say: ["The answer is {{ m[1]|int + 1 }}."]}, {say: ["Hm."]}]'
JUDGE = """\
rules:
  - {when: 'answer A \\w+>\\s+Hm', say: ['{"reason": "so", "verdict": "B"}']}
  - {when: 'answer B \\w+>\\s+Hm', say: ['{"reason": "so", "verdict": "A"}']}
  - {say: ['{"reason": "the first", "verdict": "A"}']}
"""


def silent(*_: Any) -> None:
    """Nobody watches."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("bad", BAD), ("judge", JUDGE)):
        Path(f"{name}.rules.yaml").write_text(text, encoding="utf-8")
        Path(f"{name}.yaml").write_text(f"scripted: {{replies: {name}.rules.yaml}}\n", encoding="utf-8")
    with Path("sums.jsonl").open("w", encoding="utf-8") as file:
        for a in range(2, 14):
            for b in (1, 3):
                row = {"question": f"What is {a} plus {b}?", "answer": f"#### {a + b}", "kind": f"plus {b}"}
                file.write(json.dumps(row) + "\n")
    return tmp_path


def test_two_models_side_by_side(here: Path) -> None:
    both = models(["good.yaml", "bad.yaml"])
    found = evaluate(both, tasks(["exact: {data: sums.jsonl, group: kind}"]), here / "out", silent, against="bad")
    good, bad = found.score("good", "exact", "right"), found.score("bad", "exact", "right")
    assert good and bad and (good.estimate.value, bad.estimate.value, bad.estimate.items) == (1.0, 0.5, 24)
    grouped = found.score("bad", "exact", "right", "plus 3")
    assert grouped and grouped.estimate.value == 0 and grouped.estimate.items == 12
    (right, answered) = found.versus
    assert right.difference.value == 0.5 and right.difference.p == pytest.approx(2 / 2**12) and right.metric == "right"
    assert answered.difference.value == 0.5
    marks = read_marks(here / "out" / "items.jsonl")
    wrong = [mark for mark in marks["exact", "bad"] if not mark.points["right"][0]]
    assert len(wrong) == 12 and wrong[0].said == ("Hm.",) and "What is 2 plus 3?" in wrong[0].asked
    assert Results.read(here / "out" / "results.json").scores == found.scores


def test_nothing_is_asked_twice(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smoltalk.engines.scripted import Scripted

    asked, complete = [], Scripted.complete

    async def counted(self: Any, request: Any) -> Any:
        asked.append(request)
        if len(asked) == 6:
            raise WorldError("the power went")
        return await complete(self, request)

    monkeypatch.setattr(Scripted, "complete", counted)
    one, of = models(["good.yaml"]), tasks(["exact: {data: sums.jsonl}"])
    with pytest.raises(WorldError, match="the power went"):
        evaluate(one, of, here / "out", silent)
    kept = len((here / "out" / "replies.jsonl").read_bytes().splitlines())
    with (here / "out" / "replies.jsonl").open("ab") as file:
        file.write(b'{"key": "cut sho')
    found = evaluate(one, of, here / "out", silent)
    assert found.kept == kept and 0 < kept < 24
    before = len(asked)
    assert evaluate(one, of, here / "out", silent).kept == 24 and len(asked) == before


def test_a_second_process_is_told(here: Path) -> None:
    from smoltalk.eval.asking import Replies

    first = Replies(here / "out" / "replies.jsonl")
    with pytest.raises(WorldError, match="is being written by another process"):
        evaluate(models(["good.yaml"]), tasks(["exact: {data: sums.jsonl}"]), here / "out", silent)
    first.close()
    assert evaluate(models(["good.yaml"]), tasks(["exact: {data: sums.jsonl}"]), here / "out", silent).scores


def test_a_judge_in_both_orders(here: Path) -> None:
    of = tasks(["side_by_side: {data: sums.jsonl}"])
    both, (judge,) = models(["good.yaml", "bad.yaml"]), models(["judge.yaml"])
    found = evaluate(both, of, here / "out", silent, against="bad", judge=judge)
    duels = {one.metric: one for one in found.duels}
    # 12 answers are the same, so that the judge prefers the first in both orders: a tie. 12 are "Hm." and lose.
    assert duels["win rate"].estimate.value == 0.75 and duels["agreement"].estimate.value == 0.5
    assert duels["win rate"].p is not None and duels["win rate"].p < 0.001
    verdicts = read_marks(here / "out" / "items.jsonl")["side_by_side: verdicts", "good"]
    assert {mark.why for mark in verdicts if "plus 1?" in mark.asked} == {"tie, the orders differ"}
    assert {mark.why for mark in verdicts if "plus 3?" in mark.asked} == {"won"}
    with pytest.raises(UserError, match="takes a judge"):
        evaluate(both, of, here / "out", silent, against="bad")


def test_later_turns_are_asked_with_what_was_said(here: Path) -> None:
    Path("talks.jsonl").write_text(
        json.dumps({"turns": ["What is 2 plus 3?", "And 4 plus 4?"]}) + "\n", encoding="utf-8"
    )
    both, (judge,) = models(["good.yaml", "bad.yaml"]), models(["judge.yaml"])
    of = tasks(["side_by_side: {data: talks.jsonl}"])
    evaluate(both, of, here / "out", silent, against="bad", judge=judge)
    (mark,) = read_marks(here / "out" / "items.jsonl")["side_by_side", "good"]
    assert mark.said == ("The answer is 5.", "The answer is 5.")  # the first rule finds the first sum in the whole talk


def test_the_page_shows_figures_and_answers_that_cannot_act(here: Path) -> None:
    Path("bad.rules.yaml").write_text('rules: [{say: ["<script>alert(1)</script>"]}]', encoding="utf-8")
    both = models(["good.yaml", "bad.yaml"])
    found = evaluate(both, tasks(["exact: {data: sums.jsonl, group: kind}"]), here / "out", silent, against="bad")
    write_report(here / "out", found, both)
    page = (here / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page
    assert "100.0 %" in page and "better" in page and page.count("<svg") >= 4


def test_models_are_named_as_they_are_meant(here: Path) -> None:
    first, second, named = models(["nano", "good.yaml", "before=nano"])
    assert (first.name, second.name, named.name) == ("nano", "good", "before") and first.weights
    assert [one.name for one in models(["nano", "nano"])] == ["nano", "nano-2"]
    (served,) = models(["openai: {model: some/model, base_url: http://localhost:1/v1}"])
    assert served.name == "model" and served.weights is None
    for given, said in (
        ("./nowhere", "there is no such folder"),
        ("nanoo", "there is no such folder"),
        ("openai: {modl: x}", "no field `modl`"),
        (str(here), "no config.json"),
    ):
        with pytest.raises(UserError, match=said):
            models([given])


def test_a_reward_model_does_not_write(here: Path) -> None:
    with pytest.raises(UserError, match="a reward model scores"):
        evaluate(models(["nano_reward: {}"]), tasks(["curriculum"]), here / "out", silent)
    with pytest.raises(UserError, match="only an engine is known"):
        evaluate(models(["good.yaml"]), tasks(["loss: {data: talk.jsonl}"]), _talk(here), silent)


def test_preferences_of_a_reward_model(here: Path) -> None:
    from random import Random

    from smoltalk.nano.pairs import pairs

    drawn = pairs(Random(3), held_out=True)
    with Path("pairs.jsonl").open("w", encoding="utf-8") as file:
        for _ in range(24):
            pair = next(drawn)
            file.write(json.dumps({"chosen": pair.chosen, "rejected": pair.rejected}) + "\n")
    of = tasks(["preferences: {data: pairs.jsonl}"])
    found = evaluate(models(["nano_reward: {}"]), of, here / "out", silent)
    accuracy, margin = found.score("nano_reward", "preferences", "accuracy"), found.scores[1]
    assert accuracy and accuracy.estimate.value > 0.6 and margin.metric == "margin" and margin.estimate.value > 0


def _talk(here: Path) -> Path:
    rows = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
    (here / "talk.jsonl").write_text(json.dumps({"messages": rows}) + "\n", encoding="utf-8")
    return here / "out"
