"""A real run on `nano`, killed at least twenty times at random moments, ends with the books of one left in peace."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

KILLS = 20
ROOT = Path(__file__).resolve().parents[2]
PIPELINE = """
name: killed
engines: {nano: {nano: {max_in_flight: 16}}, reward: {nano_reward: {}}}
target: {accepted: 48, max_attempts: 1000, max_failed: 1.0}
rows_in_flight: 24
steps:
  - magpie:
      engine: nano
      turns: 2
      user: {max_tokens: 64}
      assistant: {max_tokens: 64}
      categories:
        maths: {weight: 1, system: You are a math tutor.}
        chat: {weight: 1, system: You are a friendly assistant.}
  - score: {engine: reward}
gates:
  - length: {of: instruction, unit: words, min: 2}
  - exact_duplicate: {on: instruction}
  - at_least: {column: reward, quantile: 0.2, calibrate: 20}
"""


def program(*words: object) -> str:
    """What a program of ours says that ends well."""
    command = [sys.executable, "-W", "ignore", "-m", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def books(run: Path) -> list[tuple[str, str, str, str]]:
    with closing(sqlite3.connect(run / "run.db")) as connection:
        requests = connection.execute(
            "SELECT sum(n) FROM tally WHERE kind = 'engine' AND detail = 'requests'"
        ).fetchone()
        replies = connection.execute("SELECT count(*) FROM replies").fetchone()
        assert requests == replies, "every request is in the journal once: none was paid for twice"
        return connection.execute("SELECT id, fate, gate, reason FROM rows ORDER BY row").fetchall()


@pytest.mark.timeout(600)
def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    pipeline, peaceful, killed = tmp_path / "killed.yaml", tmp_path / "peaceful", tmp_path / "killed"
    pipeline.write_text(PIPELINE)
    kills = int(program("tests.run.killed_run", pipeline, peaceful, killed, KILLS))
    assert kills == KILLS, f"the run was over after {kills} kills: make it longer"
    program("smoltalk", "run", pipeline, "--out", killed)
    assert books(killed) == books(peaceful)
    assert len({line[0] for line in books(killed)}) == len(books(killed)), "no row twice"
