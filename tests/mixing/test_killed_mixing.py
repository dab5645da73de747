"""A mixture that is killed in every stage ends as one that was left in peace, byte by byte."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mixing.killed_mixing import PLACES
from tests.mixing.mixtures import lines, mixed, pipeline, result, rows, turned_away

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_kills_in_every_stage_change_nothing(tmp_path: Path) -> None:
    mine = rows(400, "x")
    for number in range(4):
        again = {**mine[number], "id": f"again{number}"}
        lines(tmp_path / f"a{number}.jsonl", [*mine[number * 100 : (number + 1) * 100], again])
    lines(tmp_path / "b.jsonl", [*rows(100, "y"), "{broken", *({**row, "id": f"b{row['id']}"} for row in mine[:30])])
    some = {
        "a": {"files": str(tmp_path / "a*.jsonl"), "licence": "mit", "count": 300},
        "b": {"files": str(tmp_path / "b.jsonl"), "licence": "mit", "count": 150, "repeat": 2},
    }
    gates = [{"length": {"min": 4}}, {"exact_duplicate": {"on": "messages"}}, {"near_duplicate": {"on": "messages"}}]
    mixture = {"sources": some, "splits": {"train": 0.8, "test": 0.2}}
    file = pipeline(tmp_path, mixture, gates=gates, keep=["level"])
    mixed(file, tmp_path / "peaceful")

    command = [sys.executable, "-W", "ignore", "-m", "tests.mixing.killed_mixing", str(file), str(tmp_path / "killed")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [what for what, *_ in PLACES]
    assert result(tmp_path / "killed") == result(tmp_path / "peaceful")
    assert not (tmp_path / "killed" / ".mix").exists()
    assert turned_away(tmp_path / "peaceful", "exact_duplicate")
