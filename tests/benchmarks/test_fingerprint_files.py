"""Fingerprints on disk: deterministic, without text, and never used when damaged or of another version."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smoltalk.benchmarks import Fingerprint, Item, load, prints
from smoltalk.benchmarks.build import build
from smoltalk.benchmarks.fingerprint import ARRAYS, glance, read, save
from smoltalk.benchmarks.shelf import beside_spec, own_folder, rebuild
from smoltalk.errors import Problem, UserError

ITEMS = [
    Item(question="Which of the two ropes is the longer one, and by how many fathoms exactly?", id="ropes/1"),
    Item(question="How long is the rope?", choices=("2 fathoms", "9 fathoms"), id="ropes/2"),
    Item(question="Why?"),
]


def made() -> Fingerprint:
    return build("quays", ITEMS, "a test")


def same(one: Fingerprint, other: Fingerprint) -> bool:
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)
    return arrays and (one.manifest, one.ids) == (other.manifest, other.ids)


def test_a_stored_fingerprint_comes_back_and_its_bytes_are_its_content(shelf: Path) -> None:
    save(made(), shelf / "quays.npz")
    again = load("quays")
    assert same(again, made())
    save(again, shelf / "again.npz")
    assert (shelf / "again.npz").read_bytes() == (shelf / "quays.npz").read_bytes()
    assert b"rope" not in (shelf / "quays.npz").read_bytes().replace(b"ropes/", b"")
    assert sorted(path.name for path in shelf.iterdir()) == ["again.npz", "quays.npz", "quays.yaml"]


def test_items_are_called_by_their_id_or_their_number() -> None:
    assert [made().called(i) for i in range(3)] == ["ropes/1", "ropes/2", "2"]
    assert build("quays", [item.model_copy(update={"id": ""}) for item in ITEMS], "").called(1) == "1"


@pytest.mark.parametrize("what", ["smoltalk.words.VERSION", "smoltalk.benchmarks.fingerprint.FORMAT"])
def test_a_fingerprint_of_another_version_is_not_used(shelf: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    save(made(), shelf / "quays.npz")
    monkeypatch.setattr(
        "smoltalk.benchmarks.fingerprint." + {"V": "WORDS", "F": "FORMAT"}[what.rpartition(".")[2][0]], 99
    )
    with pytest.raises(
        UserError,
        match="`quays` was built by another version of smoltalk and is not used\n"
        "    install smoltalk again, or build one of your own, which is read first: smoltalk benchmarks build quays",
    ):
        load("quays")


def test_what_is_no_fingerprint_is_said_to_be_none(shelf: Path) -> None:
    with pytest.raises(UserError, match="`quays` is missing\n    build it"):
        load("quays")
    np.savez(shelf / "quays.npz", grams=np.arange(3))
    with pytest.raises(UserError, match="another version"):
        load("quays")
    (shelf / "quays.npz").write_bytes(b"")
    with pytest.raises(UserError, match=r"is damaged and is not used \(it is no archive of arrays\)"):
        load("quays")


def test_a_content_that_is_not_its_checksums_is_damaged(shelf: Path) -> None:
    save(made(), shelf / "quays.npz")
    with np.load(shelf / "quays.npz") as stored:
        parts = {name: stored[name] for name in stored.files}
    parts["grams"] = parts["grams"][::-1].copy()
    np.savez(shelf / "quays.npz", **parts)
    with pytest.raises(UserError, match=r"is damaged and is not used \(its checksum is another"):
        load("quays")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_says_the_same(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "quays.npz"
    save(made(), path)
    raw = bytearray(path.read_bytes())
    cut = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[cut] ^= data.draw(st.integers(1, 255))
    else:
        del raw[cut:]
    path.write_bytes(raw)
    try:
        assert same(read(path, "quays", ""), made())
    except UserError as error:
        assert "is not used" in str(error)


def test_a_users_own_build_is_read_before_the_shipped_one(shelf: Path) -> None:
    save(made(), shelf / "quays.npz")
    own_folder().mkdir(parents=True)
    save(build("quays", ITEMS[:1], "mine"), own_folder() / "quays.npz")
    assert load("quays").manifest.origin == "mine"


def test_what_helps_against_a_bad_fingerprint_depends_on_whose_it_is(shelf: Path) -> None:
    def refused() -> Problem:
        with pytest.raises(UserError) as caught:
            load("quays")
        (problem,) = caught.value.problems
        assert "is damaged and is not used" in problem.sentence
        return problem

    shipped, own = shelf / "quays.npz", own_folder() / "quays.npz"
    shipped.write_bytes(b"PK")
    again = "smoltalk benchmarks build quays"
    hint = f"install smoltalk again, or build one of your own, which is read first: {again}"
    assert (refused().path, refused().hint) == (str(shipped), hint)
    own.parent.mkdir(parents=True)
    own.write_bytes(b"PK")
    hint = f"build it again: {again}; or delete it, and the shipped one is used"
    assert (refused().path, refused().hint) == (str(own), hint)
    shipped.unlink()
    assert (refused().path, refused().hint) == (str(own), f"build it again: {again}")
    own.unlink()
    with pytest.raises(UserError, match=f"`quays` is missing\n    build it: {again}"):
        load("quays")


def test_a_build_of_another_commit_than_the_specs_is_not_used(shelf: Path) -> None:
    now, before = "b" * 40, "a" * 40
    spec = shelf / "quays.yaml"
    spec.write_text(f"{spec.read_text()}revision: {now}\n")
    own_folder().mkdir(parents=True)
    for origin in (f"someone/quays@{now}", f"a/copy@{before}", f"someone/quays@{before} some.jsonl", "mine"):
        save(build("quays", ITEMS, origin), own_folder() / "quays.npz")
        assert load("quays").manifest.origin == origin
    save(build("quays", ITEMS, f"someone/quays@{before}"), own_folder() / "quays.npz")
    with pytest.raises(
        UserError, match="was built from commit aaaaaaaaaaaa, the spec pins bbbbbbbbbbbb, and is not used"
    ):
        load("quays")


def test_a_bad_build_is_built_again_on_request(shelf: Path, tmp_path: Path) -> None:
    own_folder().mkdir(parents=True)
    (own_folder() / "quays.npz").write_bytes(b"PK")
    (tmp_path / "items.jsonl").write_text('{"question": "How long is the rope of the ship?"}\n')
    rebuild("quays", tmp_path / "items.jsonl", force=True)
    assert load("quays").manifest.rows == 1


def test_a_fingerprint_of_another_benchmark_is_not_used(shelf: Path) -> None:
    save(build("docks", [Item(question="How long?")], ""), shelf / "quays.npz")
    with pytest.raises(UserError, match="is one of `docks` and is not used"):
        load("quays")


def test_what_was_weighed_against_other_wording_is_refused_and_built_again(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save(made(), shelf / "quays.npz")
    items = tmp_path / "mine.jsonl"
    items.write_text('{"question": "How many gulls sit on the third quay of Calder at the seventh bell?"}\n')
    before = prints([str(items)])[0].manifest.everyday
    for module in ("build", "fingerprint", "against"):
        monkeypatch.setattr(f"smoltalk.benchmarks.{module}.checksum", lambda: "of other files")
    with pytest.raises(UserError, match=r"other everyday wording .* is not used\n"):
        load("quays")
    assert prints([str(items)])[0].manifest.everyday == "of other files" != before


def test_a_fingerprint_of_a_commit_that_the_spec_no_longer_pins_is_refused(shelf: Path) -> None:
    old = made()
    pinned = old.manifest.model_copy(update={"pinned": "a" * 40})
    save(dataclasses.replace(old, manifest=pinned), shelf / "quays.npz")
    given = f"{{dataset: a/b, splits: [test], question: q, licence: mit, revision: {'b' * 40}}}"
    (shelf / "quays.yaml").write_text(given)
    with pytest.raises(UserError, match="was built from commit aaaaaaaaaaaa, the spec pins bbbbbbbbbbbb"):
        beside_spec(shelf / "quays.yaml")


@given(st.integers(0, 100_000), st.integers(1, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_a_glance_refuses_what_reading_refuses(tmp_path: Path, place: int, flip: int) -> None:
    path = tmp_path / "quays.npz"
    save(made(), path)
    assert glance(path, "quays", "") == read(path, "quays", "").manifest
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= flip
    path.write_bytes(bytes(data))
    try:
        told = read(path, "quays", "").manifest
    except UserError:
        with pytest.raises(UserError, match="the fingerprint of `quays`"):
            glance(path, "quays", "")
    else:
        assert glance(path, "quays", "") == told
