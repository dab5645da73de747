"""A rating that is always the same stops a run; one that tells rows apart, a verdict, or a short run does not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.cli import main
from smoltalk.contracts import Gate
from smoltalk.errors import CannotJudge
from smoltalk.gates.at_least import AtLeast
from smoltalk.gates.one_of import OneOf
from smoltalk.run.folder import RunFolder
from smoltalk.run.session import books_of
from smoltalk.spread import Spread, least


def judged(gate: Gate, column: str, values: list[Any]) -> int:
    """How many of these rows the gate judges before it refuses to."""
    judge = gate.open()
    for n, value in enumerate(values):
        try:
            judge.judge({"id": str(n), column: value})
        except CannotJudge:
            return n
    return len(values)


@given(st.integers(1, 120), st.floats(0.55, 0.99), st.lists(st.sampled_from("ab"), min_size=300, max_size=300))
def test_it_stops_at_one_row_or_never(rows: int, most: float, values: list[str]) -> None:
    looked = max(rows, least(most))
    share = max(values[:looked].count(label) for label in "ab") / looked
    spread, seen = Spread("quality", rows, most), 0
    try:
        for value in values:
            seen += 1
            spread.see(value)
    except CannotJudge:
        assert (seen, share >= most) == (looked, True)
    else:
        assert share < most


@pytest.mark.parametrize(("most", "rows"), [(0.98, 50), (0.9, 10), (0.95, 20), (0.99, 100)])
def test_few_rows_tell_nothing(most: float, rows: int) -> None:
    assert least(most) == rows


def test_a_judge_that_says_good_of_everything_is_no_judge() -> None:
    gate = OneOf(column="quality", values=("good", "excellent"), calibrate=50)
    assert judged(gate, "quality", ["good"] * 49 + ["poor"] + ["good"] * 9) == 49
    assert judged(gate, "quality", ["good"] * 48 + ["poor"] * 2 + ["good"] * 9) == 59
    with pytest.raises(CannotJudge, match=r"column `quality` is `good` in 50 of the first 50 rows \(100\.0%\)"):
        judge = gate.open()
        for n in range(50):
            judge.judge({"id": str(n), "quality": "good"})


@pytest.mark.parametrize("values", [("pass",), ("safe", "controversial"), (True,)])
def test_verifiers_and_guards_may_find_nothing(values: tuple[str | bool, ...]) -> None:
    assert judged(OneOf(column="told", values=values, calibrate=50), "told", [values[0]] * 99) == 99
    assert judged(OneOf(column="told", values=values, calibrate=50, degenerate=0.98), "told", [values[0]] * 99) == 49


def test_a_number_that_never_moves_is_no_rating() -> None:
    assert judged(AtLeast(column="score", value=3, calibrate=50), "score", [5, 5.0] * 40) == 49
    assert judged(AtLeast(column="score", value=3, calibrate=50), "score", [5, 4] * 40) == 80
    assert judged(AtLeast(column="score", quantile=0.1, calibrate=50), "score", [5] * 80) == 49
    assert judged(AtLeast(column="score", value=3, calibrate=50, degenerate=1), "score", [5] * 80) == 80


def test_a_quantile_needs_rows_to_stand_on() -> None:
    assert list(AtLeast(column="reward", quantile=0.05, calibrate=20).check()) == []
    [sentence] = AtLeast(column="reward", quantile=0.05, calibrate=19).check()
    assert sentence == "`calibrate` of 19 rows cannot place the quantile 0.05: it takes at least 20"


PIPELINE = """\
name: flat
engines:
  writer: {nano: {}}
  rater: {scripted: {replies: rater.yaml}}
target: {accepted: 70, max_attempts: 400}
steps:
  - magpie: {engine: writer, user: {temperature: 1.1, max_tokens: 48}, assistant: {temperature: 0.2, max_tokens: 16}}
  - ask: {engine: rater, template: rate_quality}
gates:
  - exact_duplicate: {on: instruction}
  - one_of: {column: quality, values: [good, excellent], calibrate: 50}
"""
RATER = """\
rules:
  - say: ['{"quality_reason": "all is well", "quality": "excellent"}']
"""


def test_the_run_stops_with_its_books_closed_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat.yaml").write_text(PIPELINE)
    (tmp_path / "rater.yaml").write_text(RATER)
    assert main(["run", "flat.yaml"]) == 3
    stopped = books_of(RunFolder(tmp_path / "runs" / "flat"))
    assert (stopped.state, stopped.accepted, stopped.balanced) == ("stopped", 49, True)
    complaint = capsys.readouterr().err
    assert "column `quality` is `excellent` in 50 of the first 50 rows (100.0%)" in complaint
    assert "`--set gates.1.degenerate=1`" in complaint
    assert main(["run", "flat.yaml", "--set", "gates.1.degenerate=1"]) == 0
    done = books_of(RunFolder(tmp_path / "runs" / "flat"))
    assert (done.state, done.accepted, done.balanced) == ("complete", 70, True)
    kept = sum(sum(outcomes.values()) for outcomes in stopped.replies.values())
    assert f"{kept:,} replies kept" in capsys.readouterr().out
