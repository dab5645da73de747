"""The licence of what a source reads is said and asked for; it changes no row."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.catalog import find, names
from smoltalk.contracts import Source
from smoltalk.steps.code_functions import CodeFunctions
from smoltalk.steps.documents import Documents
from smoltalk.steps.hub import Hub
from smoltalk.steps.jsonl import Jsonl
from smoltalk.steps.parquet import Parquet
from smoltalk.steps.tool_sets import ToolSets
from smoltalk.steps.topic_tree import TopicTree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n')
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "a.yaml").write_text("Cooking: [bread, soup]")
    (tmp_path / "a.py").write_text('def f(x):\n    """Doubles."""\n\n    return 2 * x\n')
    pq.write_table(pa.table({"text": ["one"]}), tmp_path / "a.parquet")
    return tmp_path


@pytest.mark.parametrize("kind", [Jsonl, Parquet, Documents, Hub, TopicTree, ToolSets, CodeFunctions])
def test_a_licence_makes_no_other_rows(folder: Path, kind: type[Source]) -> None:
    """The fingerprint is what a run's replies and pinned commit hang on: one made before the field came is the same."""
    given: dict[str, object] = {"dataset": "a/b", "columns": ["text"]} if kind is Hub else {"path": str(folder)}
    given |= {"path": str(folder / "a.yaml")} if kind is TopicTree else {}
    without, with_it = kind.model_validate(given), kind.model_validate({**given, "licence": "mit"})
    assert with_it.fingerprint() == without.fingerprint()
    assert "licence" not in json.dumps(json.loads(without.fingerprint()))
    more = "repeat" if "repeat" in kind.model_fields else "seed"
    changed = kind.model_validate({**given, more: 2})
    assert changed.fingerprint() != without.fingerprint()


def test_every_source_that_reads_what_others_wrote_can_state_a_licence() -> None:
    """`push` asks for one where there is a field for it."""
    classes = [find("steps", name) for name in names("steps")]
    reading = {c.__name__ for c in classes if issubclass(c, Source) and c.model_fields.keys() & {"path", "dataset"}}
    assert reading == {c.__name__ for c in classes if "licence" in c.model_fields}
    assert len(reading) == 7
