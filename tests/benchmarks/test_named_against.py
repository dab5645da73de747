"""What a user names: benchmarks, specs and files of items; private ones are built once for each content."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.benchmarks import Fingerprint, Item, mistakes, prints
from smoltalk.benchmarks.build import build
from smoltalk.benchmarks.fingerprint import save
from smoltalk.benchmarks.shelf import own_folder
from smoltalk.errors import UserError

ITEMS = [{"id": "r-1", "question": "How long is the rope of the ship?"}, {"id": "r-2", "question": "How long?"}]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A file of two items."""
    path = tmp_path / "exam.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    return path


def kept() -> list[Path]:
    return sorted((own_folder() / "files").glob("*"))


def test_names_and_files_become_fingerprints_each_once(shelf: Path, private: Path) -> None:
    save(build("quays", [Item(question="How long?")], ""), shelf / "quays.npz")
    found = prints(["quays", "exam.jsonl", str(private), "quays"], beside=private.parent)
    assert [one.manifest.name for one in found] == ["quays", "exam"]
    assert [found[1].called(item) for item in found[1].items.tolist()] == ["r-1", "r-1", "r-2"]


def test_a_private_file_is_built_once_for_each_content(
    shelf: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []

    def counted(name: str, *rest: Any) -> Fingerprint:
        built.append(name)
        return build(name, *rest)

    monkeypatch.setattr("smoltalk.benchmarks.build.build", counted)
    first = prints([str(private)])[0]
    assert prints([str(private)])[0].manifest == first.manifest
    assert (built, len(kept())) == (["exam"], 1)
    private.write_text(private.read_text() + '{"question": "Who?"}\n')
    assert prints([str(private)])[0].manifest.rows == 3
    assert (built, len(kept())) == (["exam", "exam"], 2)


def test_a_damaged_copy_in_the_cache_is_built_again(shelf: Path, private: Path) -> None:
    prints([str(private)])
    kept()[0].write_bytes(b"PK")
    assert prints([str(private)])[0].manifest.rows == 2
    assert kept()[0].stat().st_size > 100


def test_a_cache_that_cannot_be_written_costs_time_alone(
    shelf: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private.parent / "file").touch()
    monkeypatch.setenv("SMOLTALK_CACHE", str(private.parent / "file"))
    assert prints([str(private)])[0].manifest.rows == 2


def test_a_spec_of_the_users_is_read_from_the_hub_once(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def items_on_hub(chosen: Any, path: str) -> tuple[list[Item], str]:
        read.append(path)
        return [Item(question="How long is the rope?")], "someone/quays@b"

    monkeypatch.setattr("smoltalk.benchmarks.hub.items_on_hub", items_on_hub)
    spec = tmp_path / "mine.yaml"
    spec.write_text((shelf / "quays.yaml").read_text())
    for _ in range(2):
        assert prints(["./mine.yaml"], beside=tmp_path)[0].manifest.origin == "someone/quays@b"
    assert read == [str(tmp_path / "mine.yaml")]


def test_a_shipped_spec_by_its_path_is_the_benchmark(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smoltalk.benchmarks.hub.items_on_hub", lambda *_: pytest.fail("the Hub was asked"))
    save(build("quays", [Item(question="How long?")], "shipped"), shelf / "quays.npz")
    found = prints(["decontam/quays.yaml", "quays", str(shelf / "quays.yaml")], beside=tmp_path)
    assert [one.manifest.origin for one in found] == ["shipped"]
    assert list(mistakes(["decontam/quays.yaml"], beside=tmp_path)) == []


def test_a_specs_fingerprint_beside_it_is_used_if_it_is_whole(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smoltalk.benchmarks.hub.items_on_hub", lambda *_: pytest.fail("the Hub was asked"))
    (tmp_path / "mine.yaml").write_text((shelf / "quays.yaml").read_text())
    save(build("mine", [Item(question="How long?")], "beside"), tmp_path / "mine.npz")
    assert prints(["./mine.yaml"], beside=tmp_path)[0].manifest.origin == "beside"
    (tmp_path / "mine.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"is not used .*\n    build it again: .* build .*mine\.yaml; or delete it"):
        prints(["./mine.yaml"], beside=tmp_path)


def test_every_problem_is_told_at_once(shelf: Path, private: Path) -> None:
    private.write_text("x\n")
    with pytest.raises(UserError) as caught:
        prints(["quay", "quays", str(private), "gone.jsonl", "there/items.txt"], beside=private.parent)
    said = str(caught.value)
    assert "no benchmark `quay`\n    did you mean `quays`?" in said
    assert "the fingerprint of `quays` is missing\n    build it: smoltalk benchmarks build quays" in said
    assert "exam.jsonl:1  this line is not an item" in said
    assert f"there is no file {private.parent / 'gone.jsonl'}" in said


def test_mistakes_show_without_a_fingerprint_being_read(shelf: Path, private: Path) -> None:
    assert list(mistakes(["quay", "quays", "gone.jsonl", str(private)], beside=private.parent)) == [
        "no benchmark `quay`; did you mean `quays`?",
        "the fingerprint of `quays` is missing; build it: smoltalk benchmarks build quays",
        f"there is no file {private.parent / 'gone.jsonl'}",
    ]
    (shelf / "quays.npz").write_bytes(b"damaged")
    assert list(mistakes(["quays"])) == []


def test_two_files_of_one_name_are_a_mistake(shelf: Path, private: Path) -> None:
    other = private.parent / "old" / private.name
    other.parent.mkdir()
    other.write_text('{"question": "Which of the piers is the longest one?"}\n')
    with pytest.raises(UserError, match="two benchmarks are called `exam`"):
        prints([str(private), str(other)])
