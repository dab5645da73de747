"""distilabel's own runner takes the same DAG to the same columns; its stock steps run in both executors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

ROOT = Path(__file__).resolve().parents[2]


def smoltalk(*words: str) -> str:
    """The command as typed, in a process of its own: distilabel's runner starts processes and takes signals over."""
    done = subprocess.run(
        [sys.executable, "-m", "smoltalk", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        timeout=280,
    )
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("pipeline", "more"), [("quickstart", ("--rows", "6")), ("distilabel_steps", ())])
def test_both_executors_give_the_same_columns(tmp_path: Path, pipeline: str, more: tuple[str, ...]) -> None:
    schemas, books = {}, {}
    for executor in ("stream", "distilabel"):
        run = tmp_path / executor
        smoltalk("run", f"pipelines/{pipeline}.yaml", "--out", str(run), "--executor", executor, *more)
        schemas[executor] = parquet.read_table(run / "data").schema
        books[executor] = json.loads(smoltalk("status", str(run), "--json"))
        assert books[executor]["balanced"] and books[executor]["accepted"] > 0
    assert schemas["stream"] == schemas["distilabel"]
    if pipeline == "distilabel_steps":  # greedy answers and a fixed list of rows: here even the books are the same
        assert books["stream"]["born"] == books["distilabel"]["born"] == 8
