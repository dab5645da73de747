"""The licence of what a source reads is said and asked for; it changes no row."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.contracts import Source
from smoltalk.steps.documents import Documents
from smoltalk.steps.hub import Hub
from smoltalk.steps.jsonl import Jsonl
from smoltalk.steps.parquet import Parquet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n')
    (tmp_path / "a.txt").write_text("one")
    pq.write_table(pa.table({"text": ["one"]}), tmp_path / "a.parquet")
    return tmp_path


@pytest.mark.parametrize("kind", [Jsonl, Parquet, Documents, Hub])
def test_a_licence_makes_no_other_rows(folder: Path, kind: type[Source]) -> None:
    """The fingerprint is what a run's replies and pinned commit hang on: one made before the field came is the same."""
    given: dict[str, object] = {"dataset": "a/b", "columns": ["text"]} if kind is Hub else {"path": str(folder)}
    without, with_it = kind.model_validate(given), kind.model_validate({**given, "licence": "mit"})
    assert with_it.fingerprint() == without.fingerprint()
    assert "licence" not in json.dumps(json.loads(without.fingerprint()))
    changed = kind.model_validate({**given, "limit": 1})
    assert changed.fingerprint() != without.fingerprint()
