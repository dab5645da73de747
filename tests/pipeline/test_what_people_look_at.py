"""`check` says of the gate `human` what it could not carry out when all rows are paid for."""

from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load

ROWS = """\
name: looked
engines:
  teacher: {nano: {}}
steps:
  - jsonl: {path: rows.jsonl, columns: [instruction]}
  - ask: {engine: teacher, template: answer}
SCORE
gates:
  - human: {sample: 3, by: BY}
"""
SCORE = "  - pick: {column: reward, of: [1, 2, 3]}"


@pytest.fixture(autouse=True)
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.jsonl").write_text('{"instruction": "Why?", "category": "a", "stars": 3}\n')
    monkeypatch.chdir(tmp_path)


def problems(tmp_path: Path, by: str, more: str = "", score: str = "", text: str = ROWS) -> list[str]:
    path = tmp_path / "looked.yaml"
    path.write_text(text.replace("SCORE\n", f"{score}\n" if score else "").replace("BY", by) + more)
    try:
        load(path)
    except UserError as error:
        return [f"{problem.line}: {problem.sentence}\n{problem.hint}" for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("by", "score", "told"),
    [
        ("low_margin", "", "no gate cuts a score"),
        ("low_margin", SCORE, "no gate cuts a score"),
        ("disagreement", "", "no column could be one"),
        ("disagreement", SCORE, "only `reward` could be one"),
        ("per_category", "", "no step writes `category`"),
    ],
)
def test_by_needs_something_to_go_by(tmp_path: Path, by: str, score: str, told: str) -> None:
    (found,) = problems(tmp_path, by, score=score)
    line = 8 + bool(score)
    assert found.startswith(f"{line}: `by: {by}` ") and told in found and "`by: random`" in found


@pytest.mark.parametrize(
    ("by", "more"),
    [
        ("random", ""),
        ("low_margin", "  - at_least: {column: reward, value: 1}\n"),
        ("disagreement", "  - semantic_duplicate: {}\n"),
    ],
)
def test_what_can_be_chosen_by_is_not_refused(tmp_path: Path, by: str, more: str) -> None:
    assert not [one for one in problems(tmp_path, by, more, SCORE) if "`by:" in one]


def test_columns_that_may_be_scores_or_categories_are_given_the_benefit_of_the_doubt(tmp_path: Path) -> None:
    born = ROWS.replace("[instruction]", "[instruction, category, stars]")
    for by in ("per_category", "disagreement"):
        assert problems(tmp_path, by, score=SCORE, text=born) == []


def test_a_gate_that_is_mistaken_itself_is_not_blamed_twice(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "low_margins")) == 1
