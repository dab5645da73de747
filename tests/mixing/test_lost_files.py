"""A finished mixture whose files were lost or damaged is written again, as it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smoltalk.mixing.lost import as_they_were
from smoltalk.mixing.progress import OfSource
from smoltalk.mixture.source import MixSource
from tests.mixing.mixtures import lines, mixed, pipeline, result, rows


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _spoil(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[100:400] = bytes(300)
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("data/test-00000.parquet", Path.unlink),
        ("data/train-00000.parquet", _cut),
        ("data/train-00000.parquet", _spoil),
        ("rejected/mix.parquet", Path.unlink),
        ("README.md", Path.unlink),
    ],
)
def test_it_is_written_again(tmp_path: Path, name: str, damage: Callable[[Path], None]) -> None:
    some = {"a": {"files": str(lines(tmp_path / "a.jsonl", rows(200, "a"))), "licence": "mit", "count": 150}}
    file = pipeline(tmp_path, {"sources": some, "splits": {"train": 0.8, "test": 0.2}})
    out = tmp_path / "run"
    mixed(file, out)
    before = result(out)
    damage(out / name)
    again = mixed(file, out)
    assert again.lost and not again.done and again.books.state == "complete"
    assert result(out) == before
    assert mixed(file, out).done, "and once only"


def test_a_dataset_of_the_hub_is_read_at_the_commit_of_the_first_time() -> None:
    counts = {"born": 1, "accepted": 1, "copies": 0, "beyond": 0, "rejected": 0, "failed": 0}
    rest = {"passed_over": 0, "mended": 0, "tokens": 0}
    sources = [
        OfSource("hub", "acme/talk (train)", "mit", "c0ffee", None, **counts, **rest),
        OfSource("here", "a.jsonl", "mit", None, None, **counts, **rest),
    ]
    now = {"hub": MixSource(hub="acme/talk", revision="v1"), "here": MixSource(files="a.jsonl")}
    assert as_they_were(sources, now) == {"hub": [["acme/talk", None, "train", "v1", "c0ffee"]]}
