"""Preferences made by a whole run: the same pairs whether engines take turns, one lapses, or the run goes on later."""

from pathlib import Path
from typing import Any

import pytest

from smoltalk.run.folder import RunFolder
from tests.run.pipelines import loaded, run
from tests.run.scripted import Heavy, Scripted
from tests.run.test_stream import ledger

PAIRS = """
name: pairs
makes: dpo
engines:
  writer: {tests.run.scripted.Scripted: {}}
  strong: {tests.run.scripted.Wordy: {}}
  weak: {tests.run.scripted.Wordy: {style: rude, broken_every: 2}}
  judge: {tests.run.scripted.Scorer: {}}
target: {accepted: 20, max_attempts: 200}
rows_in_flight: 16
steps:
  - magpie: {engine: writer, categories: {a: {weight: 1, system: be a}}}
  - answers: {engine: [strong, weak], n: 3}
  - score_answers: {engine: judge}
  - choose: {scores: scores, margin: 2}
gates:
  - decided: {}
  - complete: {columns: [prompt, chosen, rejected]}
  - exact_duplicate: {on: prompt}
keep: [margin, chosen_by, rejected_by]
"""
IN_TURNS = """
name: pairs
makes: dpo
engines:
  writer: {tests.run.scripted.Scripted: {}}
  strong: {tests.run.scripted.Heavy: {number: 1}}
  weak: {tests.run.scripted.Heavy: {number: 2, style: rude, broken_every: 2}}
target: {accepted: 20, max_attempts: 200}
rows_in_flight: 16
steps:
  - magpie: {engine: writer, categories: {a: {weight: 1, system: be a}}}
  - answers: {engine: strong, n: 1, column: strong}
  - answers: {engine: weak, n: 2, column: weak}
  - choose: {answers: [strong, weak], prefer: [strong, weak]}
gates:
  - decided: {}
  - complete: {columns: [prompt, chosen, rejected]}
"""


def published(folder: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return pq.read_table(RunFolder(folder).data / "train-00000.parquet").to_pylist()


def test_a_run_makes_pairs_by_score_and_says_who_won(tmp_path: Path) -> None:
    books = run(loaded(tmp_path, PAIRS), tmp_path / "run")
    rows = published(tmp_path / "run")
    assert books.state == "complete" and books.balanced and len(rows) == 20
    for row in rows:
        assert row["margin"] >= 2 and {row["chosen_by"], row["rejected_by"]} <= {"strong", "weak"}
        assert row["chosen"] != row["rejected"] and row["prompt"][-1]["role"] == "user"
    assert books.replies["answers"]["empty"] > 0, "the weak engine lapsed, and no row was lost by it"
    assert books.failed == 0 and "Who won against whom" in (tmp_path / "run" / "README.md").read_text()


def test_engines_that_take_turns_make_the_same_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_turns = run(loaded(tmp_path, IN_TURNS), tmp_path / "turns")
    assert in_turns.state == "complete" and in_turns.balanced and in_turns.accepted == 20
    for name in ("need", "start", "stop", "complete"):
        monkeypatch.setattr(Heavy, name, getattr(Scripted, name))
    run(loaded(tmp_path, IN_TURNS), tmp_path / "together")
    assert ledger(tmp_path / "turns") == ledger(tmp_path / "together")


def test_a_run_that_goes_on_replays_its_answers_and_scores(tmp_path: Path) -> None:
    run(loaded(tmp_path, PAIRS, target="{accepted: 8, max_attempts: 200}"), tmp_path / "run")
    asked = run(loaded(tmp_path, PAIRS), tmp_path / "run")
    fresh = run(loaded(tmp_path, PAIRS), tmp_path / "fresh")
    assert ledger(tmp_path / "run") == ledger(tmp_path / "fresh")
    assert asked.engines["judge"]["requests"] == fresh.engines["judge"]["requests"]
