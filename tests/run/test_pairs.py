"""Pairs out of what a run turned away: which reject answers which accepted row, and why others make none."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from smoltalk.errors import UserError
from smoltalk.run.folder import RunFolder, locked
from smoltalk.run.pair_files import write_pairs
from smoltalk.run.pairs import AGAIN, ALONE, COMPARES, ELSEWHERE, FAILED, NO_ANSWER, SAME, Account
from tests.run.published_runs import HERE, PAIRS, accepted, closed, ended, loaded, turns

GATED = f"""
name: gated
steps:
  - {HERE}.Columns: {{columns: [messages, instruction, response, verified, rejected_response, rejected_reason]}}
gates:
  - one_of: {{column: verified, values: [pass]}}
  - exact_duplicate: {{on: messages}}
  - decontaminate: {{against: [exam.jsonl]}}
"""
QUESTION = "Which of the seven old bridges of Marlow was first to carry both a tram line and a canal over the river?"


def rejected(id: str, question: str, answer: str, gate: str = "one_of_verified", **columns: Any) -> tuple[str, ...]:
    return ended(
        id, "rejected", gate, "verified_not_wanted", {"value": "fail"}, messages=turns(question, answer), **columns
    )


def run_of(folder: Path, *lines: tuple[str, ...], text: str = GATED, state: str = "complete") -> RunFolder:
    run = closed(folder / "run", lines, state)
    (folder / "exam.jsonl").write_text(json.dumps({"question": QUESTION}) + "\n")
    pipeline = loaded(folder, text=text.replace("exam.jsonl", str(folder / "exam.jsonl")))
    run.pipeline.write_text(pipeline.text)
    return run


def made(run: RunFolder, out: Path | None = None) -> tuple[list[dict[str, Any]], Account]:
    out = out or run.path / "pairs"
    account = write_pairs(run, out)
    return pq.read_table(out / "data" / "train-00000.parquet").to_pylist(), account


def test_a_rejected_answer_is_paired_with_the_accepted_one_to_its_prompt(tmp_path: Path) -> None:
    run = run_of(tmp_path, rejected("r1", "How many? ", "Six."), accepted("a1", "how many?", "Five."))
    (pair,), account = made(run)
    assert pair["prompt"] == turns("how many?")
    assert [pair[side] for side in ("chosen", "rejected")] == [
        [{"role": "assistant", "content": text}] for text in ("Five.", "Six.")
    ]
    assert (pair["gate"], pair["reason"], json.loads(pair["evidence"])) == (
        "one_of_verified", "verified_not_wanted", {"value": "fail"}
    )  # fmt: skip
    assert (pair["chosen_row"], pair["rejected_row"], pair["source"]) == ("a1", "r1", "given")
    assert account.pairs == 1 and account.made == {("one_of_verified", "verified_not_wanted"): 1}


def test_later_turns_are_paired_under_the_same_history_only(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        ended("r1", "rejected", "one_of_verified", "no", {}, messages=turns("Hi", "Yes?", "Bye", "What?")),
        ended("r2", "rejected", "one_of_verified", "no", {}, messages=turns("Hi", "No?", "Bye", "What?")),
        ended("a1", "accepted", "", "", {}, messages=turns("Hi", "Yes?", "Bye", "Goodbye.")),
    )
    found, account = made(run)
    assert [pair["rejected_row"] for pair in found] == ["r1"] and found[0]["prompt"] == turns("Hi", "Yes?", "Bye")
    assert account.unusable == {("one_of_verified", ALONE): 1}


def test_what_a_verifier_failed_before_it_was_repaired_is_a_pair_of_its_own_row(tmp_path: Path) -> None:
    own = {"rejected_response": "six", "rejected_reason": "a digit is missing"}
    run = run_of(
        tmp_path,
        accepted("a1", "How many?", "5", verified="pass", **own),
        accepted("a2", "How much?", "7", verified="pass", rejected_response=None),
        accepted("a3", "How far?", "9", verified="unknown", **own),
    )
    (pair,), _ = made(run)
    assert (pair["chosen_row"], pair["rejected_row"], pair["reason"]) == ("a1", "a1", "failed_verification")
    assert pair["rejected"][0]["content"] == "six"
    assert json.loads(pair["evidence"]) == {"detail": "a digit is missing"}


def test_rows_that_make_no_pair_are_counted_with_the_reason(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        accepted("a1", "How many?", "Five."),
        rejected("r1", "How many?", "FIVE. "),
        rejected("r2", "How many?", "Six."),
        rejected("r3", "How many?", "six. "),
        rejected("r4", "Who?", "Me."),
        rejected("r5", "How many?", "Seven.", gate="exact_duplicate"),
        rejected("r6", "How many?", "Eight.", gate="decontaminate"),
        ended("r7", "rejected", "one_of_verified", "no", {}, messages=turns("How many?")),
        rejected("r8", "How many?", f"Nine. {QUESTION}"),
        ended("f1", "failed", "answer", "empty", {}, instruction="How many?"),
    )
    found, account = made(run)
    assert [pair["rejected_row"] for pair in found] == ["r2"]
    assert account.unusable == Counter(
        {
            ("one_of_verified", SAME): 1,
            ("one_of_verified", AGAIN): 1,
            ("one_of_verified", ALONE): 1,
            ("exact_duplicate", COMPARES): 1,
            ("decontaminate", COMPARES): 1,
            ("one_of_verified", NO_ANSWER): 1,
            ("one_of_verified", "holds a question of a benchmark (exam)"): 1,
            ("answer", FAILED): 1,
        }
    )
    assert len(account.against) == 1 and account.against[0].endswith("exam.jsonl")


@pytest.mark.parametrize("state", ["running", "interrupted", "new"])
def test_a_run_whose_books_are_open_is_refused(tmp_path: Path, state: str) -> None:
    run = run_of(tmp_path, accepted("a1"), state=state)
    with pytest.raises(UserError, match="its books are open") as error:
        made(run)
    assert f"smoltalk run {run.path}" in error.value.problems[0].hint
    assert not (run.path / "pairs").exists()


def test_a_run_that_is_at_work_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, accepted("a1"))
    with locked(run), pytest.raises(UserError, match="its books are open"):
        made(run)


def test_a_run_of_pairs_and_a_folder_of_something_else_are_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, text=PAIRS)
    with pytest.raises(UserError, match="makes pairs itself"):
        made(run)
    (tmp_path / "other").mkdir()
    run = run_of(tmp_path / "other", accepted("a1"))
    with pytest.raises(UserError, match="something else"):
        made(run, run.path)


def test_writing_twice_gives_the_same_bytes_and_a_card_that_says_what_they_are(tmp_path: Path) -> None:
    run = run_of(tmp_path, rejected("r1", "How many?", "Six or so."), accepted("a1", "How many?", "Five."))
    made(run)
    first = {file.name: file.read_bytes() for file in (run.path / "pairs").rglob("*") if file.is_file()}
    made(run)
    assert first == {file.name: file.read_bytes() for file in (run.path / "pairs").rglob("*") if file.is_file()}
    card = first["README.md"].decode()
    assert "| `one_of_verified` | `verified_not_wanted` | 1 |" in card and "They are candidates" in card
    assert "| pairs whose chosen answer is longer | 0 (0%) |" in card


def test_a_run_without_a_gate_against_benchmarks_says_that_nothing_was_compared(tmp_path: Path) -> None:
    text = "\n".join(line for line in GATED.splitlines() if "decontaminate" not in line)
    run = run_of(tmp_path, accepted("a1"), text=text)
    assert made(run)[1].against == ()
    assert "no pair was compared with a benchmark" in (run.path / "pairs" / "README.md").read_text()


def test_an_answer_is_paired_in_the_turn_that_it_was_verified_in(tmp_path: Path) -> None:
    own = {"response": "Good.", "rejected_response": "Bad.", "verified": "pass"}
    run = run_of(
        tmp_path,
        ended("a1", "accepted", "", "", {}, messages=turns("First?", "Good.", "Second?", "Fine."), **own),
        ended("a2", "accepted", "", "", {}, messages=turns("Third?", "Fine.", "Fourth?", "Good."), **own),
        ended("a3", "accepted", "", "", {}, messages=turns("Fifth?", "Good.", "Sixth?", "Good."), **own),
        ended("a4", "accepted", "", "", {}, messages=turns("Seventh?", "Other."), **own),
    )
    found, account = made(run)
    assert [(pair["prompt"], pair["chosen"][0]["content"]) for pair in found] == [
        (turns("First?"), "Good."),
        (turns("Third?", "Fine.", "Fourth?"), "Good."),
    ]
    assert account.unusable == {("", ELSEWHERE): 2}


def test_both_sides_of_a_pair_are_without_their_tests_where_one_is(tmp_path: Path) -> None:
    def answer(value: int) -> str:
        return f"So:\n```python\nx = {value}\n```\n**Tests**\n```python\nassert x == 1\n```"

    own = {"response": answer(1), "rejected_responses": [answer(2), answer(3)], "verified": "pass"}
    run = run_of(
        tmp_path,
        accepted("a1", "How?", "So:\n```python\nx = 1\n```", **own),
        accepted("a2", "Why?", answer(1), **own),
    )
    found, _ = made(run)
    sides = {side: [pair[side][0]["content"] for pair in found] for side in ("chosen", "rejected")}
    for texts in sides.values():
        assert ["assert" in text for text in texts] == [False, False, True, True]
    assert sides["rejected"][0] == "So:\n```python\nx = 2\n```"


def test_every_answer_that_failed_makes_a_pair_with_its_reason(tmp_path: Path) -> None:
    own = {"response": "5", "rejected_response": "six", "rejected_responses": ["six", "seven", "5 ", None, " "]}
    run = run_of(
        tmp_path, accepted("a1", "How many?", "5", verified="pass", rejected_reasons=["no", "no digit"], **own)
    )
    found, account = made(run)
    told = [(pair["rejected"][0]["content"], json.loads(pair["evidence"])) for pair in found]
    assert told == [("six", {"detail": "no"}), ("seven", {"detail": "no digit"})]
    assert account.unusable == {("", SAME): 1} and len({pair["id"] for pair in found}) == 2
