"""Items from the Hub: the pinned commit is read, and a dataset that is not what the spec says is refused."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smoltalk.benchmarks import Spec, spec
from smoltalk.benchmarks.hub import items_on_hub
from smoltalk.errors import UserError, WorldError

PIN = "a" * 40
ROW = {
    "ask": "Which of the two ropes is the longer one, and by how many fathoms exactly?",
    "options": ["2"],
    "right": 0,
}


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are found."""
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was asked of a Hub whose datasets have one row a split, the example in each."""
    asked: list[tuple[Any, ...]] = []

    def load_dataset(
        path: str, name: str | None = None, split: str = "", revision: str | None = None, data_files: str = ""
    ) -> list[dict[str, Any]]:
        asked.append((path, name, split, revision, data_files))
        return [{**ROW, "body": f"{name} {split}"}]

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    monkeypatch.setitem(
        sys.modules, "huggingface_hub", SimpleNamespace(dataset_info=lambda *_, **__: SimpleNamespace(sha="b" * 40))
    )
    return asked


def chosen(**changes: Any) -> Spec:
    return spec("quays").model_copy(update={"revision": PIN, **changes})


def test_configurations_and_splits_are_read_in_order(shelf: Path, hub: list[tuple[Any, ...]]) -> None:
    one = chosen(config=("north", "south"), splits=("dev", "test"), rows=4)
    items, origin = items_on_hub(one, "quays.yaml")
    assert [item.question.split(" Which")[0] for item in items] == [
        "north dev",
        "north test",
        "south dev",
        "south test",
    ]
    assert hub[1] == ("someone/quays", "north", "test", PIN, "")
    assert origin == f"someone/quays@{PIN}"


def test_files_are_read_of_the_commit(shelf: Path, hub: list[tuple[Any, ...]]) -> None:
    items_on_hub(chosen(files=("a/q.jsonl", "b.parquet"), rows=2), "")
    assert hub == [
        ("json", None, "train", None, f"hf://datasets/someone/quays@{PIN}/a/q.jsonl"),
        ("parquet", None, "train", None, f"hf://datasets/someone/quays@{PIN}/b.parquet"),
    ]


def test_without_a_pin_the_commit_of_now_is_read_and_told(shelf: Path, hub: list[tuple[Any, ...]]) -> None:
    _, origin = items_on_hub(chosen(revision=None, rows=None), "")
    assert origin == f"someone/quays@{'b' * 40}"
    assert hub[0][3] == "b" * 40


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rows": 2}, "someone/quays has 1 rows, the spec says 2: it has moved and is not used"),
        ({"rows": 1, "example": "Who is the captain?"}, "does not hold the spec's example"),
        ({"rows": 1, "question": "body"}, "does not hold the spec's example"),
    ],
)
def test_a_dataset_that_moved_is_refused(
    shelf: Path, hub: list[tuple[Any, ...]], changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(UserError, match=f"quays.yaml  {why}" if why.startswith("some") else why):
        items_on_hub(chosen(**changes), "quays.yaml")


class RevisionNotFoundError(OSError):
    """Named as huggingface_hub names it."""


class DatasetNotFoundError(FileNotFoundError):
    """Named as datasets names it."""


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (RevisionNotFoundError("404"), UserError, f"has no commit {PIN} any more"),
        (DatasetNotFoundError("gated"), UserError, "is not open to you: gated\n    accept its terms on https"),
        (ValueError("BuilderConfig 'x' not found"), UserError, "cannot be read as the spec says: BuilderConfig"),
        (KeyError("a kind of its own"), WorldError, "cannot be read from the Hub: 'a kind"),
        (ConnectionError("no route"), WorldError, "cannot be read from the Hub: no route"),
    ],
)
def test_what_the_hub_says_is_told(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[Exception], why: str
) -> None:
    def load_dataset(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    with pytest.raises(kind, match=why):
        items_on_hub(chosen(), "quays.yaml")


def test_without_a_network_it_is_said_at_once(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any) -> None:
        raise OSError("temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(WorldError, match=r"no network: huggingface\.co cannot be found, so someone/quays cannot"):
        items_on_hub(chosen(), "quays.yaml")


def test_a_commit_that_cannot_be_asked_for_is_a_sentence(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dataset_info(_: str) -> None:
        raise RuntimeError("[Errno -3] no such name")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(dataset_info=dataset_info))
    with pytest.raises(WorldError, match="someone/quays cannot be read from the Hub"):
        items_on_hub(chosen(revision=None), "quays.yaml")
