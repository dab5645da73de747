"""A real run on `nano`, killed at least twenty times at random moments, ends with the books of one left in peace."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = 20
ROOT = Path(__file__).resolve().parents[2]
PIPELINE = """
name: killed
engines: {nano: {nano: {max_in_flight: 16}}, reward: {nano_reward: {}}}
target: {accepted: 120, max_attempts: 1000, max_failed: 1.0}
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


def start(pipeline: Path, run: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "smoltalk", "run", str(pipeline), "--out", str(run)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def asked(run: Path) -> int:
    """Replies on the disk; 0 while there is no database yet."""
    if not (run / "run.db").exists():
        return 0
    connection = sqlite3.connect(f"{(run / 'run.db').resolve().as_uri()}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM replies").fetchone()[0])
    except sqlite3.OperationalError:  # killed before the tables were made
        return 0
    finally:
        connection.close()


def kill_somewhere(process: "subprocess.Popen[str]", run: Path, chance: random.Random) -> bool:
    """Kill -9 at once, during start-up, or after a few more replies. False when the run was over before."""
    wanted = asked(run) + chance.randint(0, 12)
    until = time.monotonic() + chance.choice([chance.uniform(0, 3), 60])
    while process.poll() is None and time.monotonic() < until and asked(run) <= wanted:
        time.sleep(0.01)
    over = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return not over


def books(run: Path) -> list[tuple[str, str, str, str]]:
    connection = sqlite3.connect(run / "run.db")
    try:
        requests = connection.execute(
            "SELECT sum(n) FROM tally WHERE kind = 'engine' AND detail = 'requests'"
        ).fetchone()
        replies = connection.execute("SELECT count(*) FROM replies").fetchone()
        assert requests == replies, "every request is in the journal once: none was paid for twice"
        return connection.execute("SELECT id, fate, gate, reason FROM rows ORDER BY row").fetchall()
    finally:
        connection.close()


@pytest.mark.timeout(600)
def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    pipeline = tmp_path / "killed.yaml"
    pipeline.write_text(PIPELINE)
    peaceful, killed = tmp_path / "peaceful", tmp_path / "killed"
    quiet = start(pipeline, peaceful)
    out, _ = quiet.communicate(timeout=300)
    assert quiet.returncode == 0, out

    chance = random.Random(7)
    kills = 0
    while kills < KILLS:
        if kill_somewhere(start(pipeline, killed), killed, chance):
            kills += 1
        else:
            break
    assert kills == KILLS, f"the run was over after {kills} kills: make it longer"
    last = start(pipeline, killed)
    out, _ = last.communicate(timeout=300)
    assert last.returncode == 0, out
    assert books(killed) == books(peaceful)
    assert len({line[0] for line in books(killed)}) == len(books(killed)), "no row twice"
