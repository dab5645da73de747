"""What gates tell of the rows they keep: published where `keep` names it, told by `trace`, the same after a restart."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.cli.rows import accepted
from smoltalk.cli.trace import told
from smoltalk.pipeline import Pipeline
from smoltalk.run.folder import RunFolder
from smoltalk.run.trace import trace
from tests.run.pipelines import loaded, run

PIPELINE = """
name: vectors
steps:
  - jsonl: {path: lines.jsonl}
gates:
  - semantic_duplicate: {threshold: 0.95}
  - exact_duplicate: {on: response}
keep: [semantic_duplicate.similarity, semantic_duplicate.nearest]
"""
VECTORS = [[1.0, 0.0], [0.6, 0.8], [1.0, 0.1], [-1.0, 0.5]]
COLUMNS = ["semantic_duplicate_similarity", "semantic_duplicate_nearest"]


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four rows, the third close to the first."""
    monkeypatch.chdir(tmp_path)
    rows = [{"instruction": "why?", "response": f"answer {i}", "embedding": v} for i, v in enumerate(VECTORS)]
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def published(folder: Path) -> pa.Table:
    return pq.read_table(folder / "run" / "data")


def made(folder: Path, **replace: str) -> Pipeline:
    pipeline = loaded(folder, PIPELINE, **replace)
    run(pipeline, folder / "run")
    return pipeline


def rows(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = published(folder).select(["id", *COLUMNS]).to_pylist()
    return found


def test_the_nearest_neighbour_is_published_with_the_rows(vectors: Path) -> None:
    made(vectors)
    found = published(vectors)
    assert found.schema.names == ["id", "source", "messages", *COLUMNS]
    assert found.schema.field(COLUMNS[0]).type == pa.float64() and found.schema.field(COLUMNS[1]).type == pa.string()
    first, second, fourth = rows(vectors)
    assert [first[name] for name in COLUMNS] == [None, None]
    assert [second[name] for name in COLUMNS] == [0.6, first["id"]]
    assert [fourth[name] for name in COLUMNS] == [None, None]  # no kept row has a cosine above 0
    card = (vectors / "run" / "README.md").read_text()
    assert "| `semantic_duplicate_similarity` | float | `similarity` as the gate `semantic_duplicate` told it |" in card
    (rejected,) = pq.read_table(vectors / "run" / "rejected" / "semantic_duplicate.parquet").to_pylist()
    assert json.loads(rejected["evidence"]) == {
        "column": "embedding", "duplicate_of": first["id"], "similarity": 0.995
    }  # fmt: skip


def test_a_column_of_which_nothing_was_told_has_the_type_that_the_gate_says(vectors: Path) -> None:
    (vectors / "lines.jsonl").write_text((vectors / "lines.jsonl").read_text().partition("\n")[0] + "\n")
    made(vectors)
    assert published(vectors).schema.field(COLUMNS[0]).type == pa.float64()


def test_a_run_that_goes_on_tells_the_same(vectors: Path) -> None:
    made(vectors, name="vectors\ntarget: {accepted: 2}")
    assert len(rows(vectors)) == 2
    made(vectors)
    went_on = rows(vectors)
    assert len(went_on) == 3
    (vectors / "run").rename(vectors / "earlier")
    made(vectors)
    assert rows(vectors) == went_on


def test_evidence_may_be_asked_for_after_the_run(vectors: Path) -> None:
    made(vectors, keep="[]")
    assert published(vectors).schema.names == ["id", "source", "messages"]
    made(vectors)
    assert [row[COLUMNS[0]] for row in rows(vectors)][1] == 0.6


def test_a_kept_rows_life_says_what_the_gates_told(vectors: Path) -> None:
    pipeline = made(vectors)
    folder = RunFolder(vectors / "run")
    with closing(sqlite3.connect(folder.database)) as connection:
        ids = [found for (found,) in connection.execute("SELECT id FROM rows ORDER BY row")]
    life = asyncio.run(trace(folder, ids[1]))
    assert life.evidence == {}
    assert [(gate.gate, gate.told) for gate in life.gates] == [
        ("semantic_duplicate", {"nearest": ids[0], "similarity": 0.6}), ("exact_duplicate", {})
    ]  # fmt: skip
    said = told(life)
    assert (
        f"  semantic_duplicate  kept\n    nearest: {ids[0]}\n    similarity: 0.6\n  exact_duplicate     kept\n" in said
    )
    assert "     semantic_duplicate.similarity: 0.6" in list(accepted(pipeline, folder, 2))[1]
