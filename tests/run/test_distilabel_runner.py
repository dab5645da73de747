"""distilabel's own runner takes the same DAG to the same columns; its stock steps run in both executors."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stdout
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from smoltalk.cli import main
from smoltalk.dag.adapters import born
from smoltalk.errors import UserError
from smoltalk.run import distilabel_runner
from smoltalk.run.distilabel_runner import go_distilabel
from smoltalk.run.folder import RunFolder
from tests.run.pipelines import loaded, run, written

ROOT = Path(__file__).resolve().parents[2]


def smoltalk(*words: str) -> str:
    """What the command says; distilabel's runner has a process of its own: it starts others and takes signals over."""
    if "distilabel" not in words:
        with redirect_stdout(io.StringIO()) as said:
            assert main(words) in (0, 3)
        return said.getvalue()
    done = subprocess.run(
        [sys.executable, "-m", "smoltalk", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode in (0, 3), done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("pipeline", "more"), [("quickstart", ("--rows", "6")), ("distilabel_steps", ())])
def test_both_executors_give_the_same_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipeline: str, more: tuple[str, ...]
) -> None:
    monkeypatch.chdir(ROOT)
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


FOR_STREAMING_ONLY = """
name: small
engines:
  one: {tests.run.scripted.Scripted: {}}
  two: {tests.run.scripted.Scripted: {style: rude}}
  pool: {pool: {of: [one, two]}}
  served: {vllm: {model: org/model-8B}}
  elsewhere: {vllm: {model: org/model-8B, endpoint: "http://127.0.0.1:9/v1"}}
steps:
  - distilabel.steps.LoadDataFromDicts: {data: [{instruction: a}]}
  - ask: {engine: pool, template: answer}
  - ask: {engine: served, template: rate_quality}
  - ask: {engine: elsewhere, template: rate_difficulty}
  - distilabel.steps.tasks.TextGeneration: {llm: pool}
"""


def test_engines_that_only_the_streaming_executor_can_ask_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        go_distilabel(loaded(tmp_path, FOR_STREAMING_ONLY), RunFolder(tmp_path / "run"))
    found = [(problem.line, problem.sentence, problem.hint) for problem in caught.value.problems]
    no_choice = "asks the pool `pool`, and distilabel's runner cannot choose from a pool"
    one_of = "name one engine (one, two), or leave out --executor distilabel"
    assert found == [
        (
            6,
            "distilabel's runner would start `served` anew for every step and batch that asks it",
            "start it yourself and name it in `endpoint:`, or leave out --executor distilabel",
        ),
        (10, f"`ask` {no_choice}", one_of),
        (13, f"`distilabel.steps.tasks.TextGeneration` {no_choice}", one_of),
    ]
    assert not (tmp_path / "run").exists(), "nothing is begun"


EMBEDDED = """
name: small
engines: {vectors: {embedding: {}}, writer: {tests.run.scripted.Scripted: {}}}
steps:
  - distilabel.steps.LoadDataFromDicts: {data: [{instruction: one}, {instruction: two}]}
  - tests.run.scripted.Prefix: {engine: writer, prefix: AAA, column: response}
  - embed: {engine: vectors, of: instruction}
keep: [embedding]
"""


def test_vectors_are_the_same_in_both_executors(tmp_path: Path) -> None:
    run(loaded(tmp_path, EMBEDDED), tmp_path / "stream")
    smoltalk("run", str(tmp_path / "small.yaml"), "--out", str(tmp_path / "other"), "--executor", "distilabel")
    tables = (parquet.read_table(tmp_path / executor / "data") for executor in ("stream", "other"))
    ours, theirs = ({row["id"]: row["embedding"] for row in table.to_pylist()} for table in tables)
    assert ours == theirs and len(ours) == 2
    assert all(len(vector) > 1 for vector in ours.values())


UNREADABLE = """
name: small
engines: {writer: {tests.run.scripted.Scripted: {}}}
steps:
  - jsonl: {path: LINES, columns: [instruction]}
  - tests.run.scripted.Prefix: {engine: writer, prefix: AAA, column: response}
"""


def fates(run: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(run / "run.db")) as connection:
        return connection.execute("SELECT row, id, fate, gate, reason, evidence FROM rows ORDER BY row").fetchall()


def test_rows_that_cannot_be_read_fail_alike(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"instruction": "a"}\n{broken\n{"instruction": "b"}\n\n')
    path = written(tmp_path, UNREADABLE.replace("LINES", str(tmp_path / "lines.jsonl")))
    for executor in ("stream", "distilabel"):
        smoltalk("run", str(path), "--out", str(tmp_path / executor), "--executor", executor)
    found = fates(tmp_path / "distilabel")
    assert found == fates(tmp_path / "stream")
    assert [line[2:5] for line in found][1::2] == [("failed", "source", "unreadable")] * 2
    assert "lines.jsonl:2 is not JSON" in found[1][-1] and "lines.jsonl:4 is an empty line" in found[3][-1]


def test_no_row_that_can_be_read_is_no_reason_to_wait(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{broken\n{"instruction": "a"}\n')
    path = written(tmp_path, UNREADABLE.replace("LINES", str(tmp_path / "lines.jsonl")).replace("]}", "], limit: 1}"))
    smoltalk("run", str(path), "--out", str(tmp_path / "run"), "--executor", "distilabel")
    assert [line[2:5] for line in fates(tmp_path / "run")] == [("failed", "source", "unreadable")]


CHOOSING = """
name: small
steps:
  - jsonl: {path: LINES, columns: [instruction, response, other]}
  - choose: {answers: [response, other], prefer: [response, other]}
"""


def test_a_column_that_may_be_empty_fails_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [{"instruction": f"q{i}", "response": "a", "other": "b"} for i in range(2)]
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pipeline = loaded(tmp_path, CHOOSING.replace("LINES", str(tmp_path / "lines.jsonl")))
    written = sorted(pipeline.steps[0].part.writes())
    unscored = {name: None if name.endswith("_score") else "said" for name in written}
    rows = [born("small", i, line) for i, line in enumerate(lines)]
    made = [rows[0] | unscored, rows[1] | dict.fromkeys(written)]
    monkeypatch.setattr(distilabel_runner, "_run", lambda *_: made)
    go_distilabel(pipeline, RunFolder(tmp_path / "run"))
    assert [line[2:5] for line in fates(tmp_path / "run")] == [("accepted", "", ""), ("failed", "distilabel", "none")]
