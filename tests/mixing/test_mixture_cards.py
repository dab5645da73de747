"""The card of a mixture: what it says of the datasets in it."""

from pathlib import Path

import pytest
import yaml

from smoltalk.mixing.session import mix
from smoltalk.pipeline import load
from smoltalk.run.card_header import header
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books
from smoltalk.run.reopen import reopen
from tests.mixing.mixtures import lines, mixed, pipeline, rows


def test_datasets_of_the_hub_are_named_where_the_hub_looks(tmp_path: Path) -> None:
    some = {"a": {"hub": "org/one"}, "b": {"hub": "org/two"}, "c": {"hub": "org/one", "config": "other"}}
    file = pipeline(tmp_path, {"sources": some})
    assert header(load(file), Books(), {"train": 1})["source_datasets"] == ["org/one", "org/two"]


def test_the_card_says_which_rows_were_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "a.jsonl", rows(20, "a"))
    lines(tmp_path / "b.jsonl", rows(20, "b"))
    some = {
        "a": {"files": "a.jsonl", "licence": "mit", "where": {"level": [1, 2]}},
        "b": {"files": ["b.jsonl"], "licence": "cc0-1.0"},
    }
    mixed(pipeline(tmp_path, {"sources": some}), tmp_path / "run")
    card = (tmp_path / "run" / "README.md").read_text()
    assert "| `a` | `a.jsonl where level is 1 or 2` | mit | 8 | 8 | 28.6% |" in card
    assert "| `b` | `b.jsonl` | cc0-1.0 | 20 | 20 | 71.4% |" in card
    assert "- `a`: mit\n- `b`: cc0-1.0\n" in card
    assert yaml.safe_load(card.split("---")[1])["license"] == "mit"


def test_the_card_names_files_as_the_pipeline_does_wherever_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "a.jsonl", rows(20, "a"))
    file = pipeline(tmp_path, {"sources": {"a": {"files": "a.jsonl", "licence": "mit", "count": 9}}})
    mixed(file, tmp_path / "run")
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    folder = RunFolder(tmp_path / "run")
    assert mix(reopen(folder, {"mix.sources.a.count": "10"}), folder, lambda _: None).books.accepted == 10
    assert "| `a` | `a.jsonl` | mit | 20 | 10 | 100.0% |" in (tmp_path / "run" / "README.md").read_text()
