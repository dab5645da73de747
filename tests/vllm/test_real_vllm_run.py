"""A run on a real `vllm serve`: Magpie and a rating; killed with -9, it leaves no server, and goes on from there."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pyarrow.parquet
import pytest

from tests.processes import below, gone, until

ROOT = Path(__file__).resolve().parents[2]
ROWS = 120
PIPELINE = """\
name: real
engines:
  nano:
    vllm:
      model: MODEL
      command: PROGRAM
      max_in_flight: 16
      max_model_len: 512
      max_num_seqs: 16
      enforce_eager: true
      dtype: float32
target: {accepted: ROWS, max_attempts: 600, max_failed: 1.0}
rows_in_flight: 16
steps:
  - magpie: {engine: nano, user: {max_tokens: 64}, assistant: {max_tokens: 96}}
  - ask: {engine: nano, template: rate_quality, sampling: {temperature: 0.3, max_tokens: 96}}
gates:
  - complete: {columns: [instruction, response, quality]}
keep: [quality_reason]
"""


def replied(run: Path) -> int:
    if not (run / "run.db").exists():
        return 0
    with closing(sqlite3.connect(f"{(run / 'run.db').resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM replies").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def start(pipeline: Path, run: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "smoltalk", "run", str(pipeline), "--out", str(run)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.timeout(1200)
def test_killed_and_continued(vllm: str, tmp_path: Path) -> None:
    pipeline, run = tmp_path / "real.yaml", tmp_path / "run"
    model = ROOT / "smoltalk" / "nano" / "model"
    text = PIPELINE.replace("MODEL", str(model)).replace("PROGRAM", vllm).replace("ROWS", str(ROWS))
    pipeline.write_text(text)

    process = start(pipeline, run)
    while replied(run) < 10:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    servers = below(psutil.Process(process.pid))
    assert len(servers) >= 2, "a keeper and its server"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert until(lambda: all(gone(server.pid) for server in servers)), "nothing outlives the run"
    kept = replied(run)

    process = start(pipeline, run)
    out, _ = process.communicate()
    assert process.returncode == 0, out
    assert replied(run) > kept >= 10
    with closing(sqlite3.connect(run / "run.db")) as connection:
        fates = dict(connection.execute("SELECT fate, count(*) FROM rows GROUP BY fate"))
    assert fates["accepted"] == ROWS
    assert (run / "logs" / "vllm-nano.log").stat().st_size > 1000
    reasons = [row["quality_reason"] for row in pyarrow.parquet.read_table(run / "data").to_pylist()]
    said = sum(reason.startswith("The request") for reason in reasons)
    assert said > 0.8 * ROWS, f"the grammar lets nano write as it was taught: {reasons[:5]}"
