"""Every shipped pipeline runs to its end on any machine: by its own rehearsal, or on nano as it stands."""

import json
from pathlib import Path

import pytest

from smoltalk.catalog import data_folder
from smoltalk.cli import main
from smoltalk.pipeline import load
from smoltalk.pipeline.mixes import is_mixture
from smoltalk.pipeline.model import TRAINED_ON
from smoltalk.pipeline.rehearsal import has_rehearsal, rehearsal
from smoltalk.run.folder import RunFolder
from smoltalk.run.session import books_of

ROOT = Path(__file__).parent.parent
SHIPPED = sorted(data_folder("pipelines").glob("*.yaml"))
PIPELINES = [path for path in SHIPPED if not is_mixture(path.read_text("utf-8"))]
REHEARSED = [path for path in PIPELINES if has_rehearsal(path.read_text(encoding="utf-8"))]
ENOUGH = 10
"""Accepted rows from which a rehearsal shows something."""
A_FEW = 5
"""The same for examples that are not meant to be scaled up: two hands of questions, answered by nano."""


def small(path: Path) -> list[str]:
    """What makes it small; one that tries each row of a short file once is small already."""
    if path in REHEARSED:
        return ["--rehearse"]
    return ["--rows", str(ENOUGH)] if load(path).target.accepted else []


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_pipeline_runs_to_its_end(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import load_dataset

    monkeypatch.chdir(ROOT)
    folder = RunFolder(tmp_path / "run")
    assert main(["run", str(path.relative_to(ROOT)), *small(path), "--out", str(folder.path)]) == 0
    books = books_of(folder)
    assert (books.state, books.balanced) == ("complete", True)
    kept = json.loads((ROOT / "docs" / "pipelines" / f"{path.stem}.json").read_text(encoding="utf-8"))["books"]
    found = {name: value for name, value in books.as_json().items() if name in kept}
    assert found == kept, "a run of it has other books than its page says: run `make docs`"
    assert books.accepted >= (ENOUGH if path in REHEARSED else A_FEW)
    assert books.rejected or path not in REHEARSED, "a rehearsal shows what its gates turn away"
    loaded = load_dataset("parquet", data_dir=str(folder.data), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == books.accepted
    assert {"id", "source", *TRAINED_ON[load(path).makes]} <= set(loaded.column_names)
    apart = books.rejected + books.failed
    if apart:  # `datasets` reads no split of files without rows
        cache = str(tmp_path / "others")
        others = load_dataset("parquet", data_dir=str(folder.rejected), split="train", cache_dir=cache)
        assert others.num_rows == apart


@pytest.mark.parametrize("path", [p for p in PIPELINES if p not in REHEARSED], ids=lambda p: p.stem)
def test_what_has_no_rehearsal_needs_none(path: Path) -> None:
    kinds = {type(engine.part).__name__ for engine in load(path).engines.values()}
    assert kinds <= {"Nano", "NanoReward"}, "give it a `rehearsal:`"


@pytest.mark.parametrize("path", REHEARSED, ids=lambda p: p.stem)
def test_a_rehearsal_needs_no_gpu_and_no_network(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name, engine in load(path, rehearsal(path)).engines.items():
        assert engine.part.need(name, on_gpus=False) is None, f"{name} loads a model that does not ship"
