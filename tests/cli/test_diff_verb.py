"""`smoltalk diff`: what it prints, what it writes, and what it says of wrong arguments."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.cli import main
from tests.cli.conftest import same_as

BEFORE: list[dict[str, Any]] = [
    {"id": "a", "messages": [{"role": "user", "content": "Name a bird."}], "quality": "good", "reward": 0.5},
    {"id": "b", "messages": [{"role": "user", "content": "Name a tree."}], "quality": "poor", "reward": 0.25},
    {"id": "c", "messages": [{"role": "user", "content": "Name a fish."}], "quality": "good", "reward": 1.0},
]
AFTER: list[dict[str, Any]] = [
    BEFORE[0],
    {**BEFORE[1], "messages": [{"role": "user", "content": "Name a \x1b[31mtall tree."}], "quality": "good"},
    {"id": "d", "messages": [{"role": "user", "content": "Name a hat."}], "quality": "good", "reward": 2.0},
]


@pytest.fixture(autouse=True)
def _two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rows in (("before", BEFORE), ("after", AFTER)):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_it_prints_rows_and_columns_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "before.jsonl", "after.jsonl", "--out", "out"]) == 0
    same_as("diff", capsys.readouterr().out)


def test_it_writes_the_rows_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "before.jsonl", "after.jsonl", "--out", "out", "--show", "0"]) == 0
    added, removed, changed = (Path("out", f"{fate}.jsonl").read_text() for fate in ("added", "removed", "changed"))
    assert (json.loads(added), json.loads(removed)) == (AFTER[2], BEFORE[2])
    assert json.loads(changed) == {
        "id": "b", "columns": ["messages", "quality"], "before": BEFORE[1], "after": AFTER[1]
    }  # fmt: skip


def test_json_holds_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "before.jsonl", "after.jsonl", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["same"], told["added"], told["removed"], told["changed"]) == (1, 1, 1, 1)
    assert told["changed_columns"] == {"messages": 1, "quality": 1}
    assert told["after"]["values"]["quality"] == {"good": 3}


def test_a_file_that_is_not_there_has_a_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "befor.jsonl", "after.jsonl"]) == 2
    assert capsys.readouterr().err == "befor.jsonl  there is no such file or folder\n    did you mean `before.jsonl`?\n"


def test_rows_are_not_written_over_other_files(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    Path("out/mine").touch()
    assert main(["diff", "before.jsonl", "after.jsonl", "--out", "out"]) == 2
    assert "out holds other files already" in capsys.readouterr().err


def test_a_folder_that_is_mistyped_is_not_asked_of_the_hub(capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs/mine").mkdir(parents=True)
    assert main(["diff", "runs/mien", "after.jsonl"]) == 2
    said = "runs/mien  there is no such file or folder\n    did you mean `runs/mine`?\n"
    assert capsys.readouterr().err == said


def test_rows_told_apart_by_turns_are_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.jsonl").write_text("".join(json.dumps({**row, "id": row["id"] * 2}) + "\n" for row in BEFORE))
    assert main(["diff", "before.jsonl", "other.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "ids do not match: rows told apart by their turns, whatever other columns hold" in out
    assert "same     3" in out
