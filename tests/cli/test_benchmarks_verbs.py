"""`smoltalk benchmarks`: list, show and build, on a shelf of their own."""

import json
from pathlib import Path

import pytest

from smoltalk.benchmarks.shelf import own_folder
from tests.cli.conftest import Smoltalk

SPEC = """dataset: someone/quays
splits: [test]
question: ask
licence: MIT
rows: 3
example: Which of the two ropes is the longer one, and by how many fathoms exactly?
"""
QUESTIONS = ["Which of the two ropes is the longer one, and by how many fathoms exactly?", "How long is the rope?"]


@pytest.fixture
def items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the items of `quays`, the only benchmark there is."""
    shelf = tmp_path / "decontam"
    shelf.mkdir()
    (shelf / "quays.yaml").write_text(SPEC)
    monkeypatch.setattr("smoltalk.benchmarks.specs.data_folder", lambda _: shelf)
    monkeypatch.setenv("SMOLTALK_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps({"question": question, "id": "x"}) + "\n" for question in QUESTIONS))
    return path


def test_a_fingerprint_is_built_shown_and_listed(smoltalk: Smoltalk, items: Path) -> None:
    assert "not built: smoltalk benchmarks build quays" in smoltalk("benchmarks", "list").out
    assert "no fingerprint; build it" in smoltalk("benchmarks", "show", "quays").out
    built = smoltalk("benchmarks", "build", "quays", "--from", str(items), "--force", "--origin", "a@b")
    assert built.code == 0
    assert built.out.startswith(f"{own_folder() / 'quays.npz'}: 2 of 2 items can be found, ")
    assert "note: built from 2 items; the spec says the Hub has 3" in built.err
    shown = smoltalk("benchmarks", "show", "quays").out
    assert "  dataset: someone/quays\n" in shown and "  origin: a@b\n" in shown and "note: built from 2" in shown
    assert str(own_folder()) in smoltalk("benchmarks", "list").out


def test_it_goes_where_it_is_sent(smoltalk: Smoltalk, items: Path, tmp_path: Path) -> None:
    shelf = str(tmp_path / "decontam")
    assert smoltalk("benchmarks", "build", "quays", "--from", str(items), "--force", "--out", shelf).code == 0
    assert "shipped" in smoltalk("benchmarks", "list").out
    there = smoltalk("benchmarks", "build", "quays", "--from", str(items), "--force", "--out", str(items))
    assert there.code == 2 and "cannot be written" in there.err


def test_mistakes_are_sentences(smoltalk: Smoltalk, items: Path, tmp_path: Path) -> None:
    wrong = smoltalk("benchmarks", "show", "quay")
    assert (wrong.code, wrong.err) == (
        2,
        "no benchmark `quay`\n    did you mean `quays`?\n",
    ) or "did you mean" in wrong.err
    (tmp_path / "decontam" / "quays.npz").write_bytes(b"PK")
    damaged = smoltalk("benchmarks", "show", "quays")
    assert damaged.code == 2 and "is damaged and is not used" in damaged.err
    assert "is damaged and is not used: smoltalk benchmarks build quays" in smoltalk("benchmarks", "list").out
    assert smoltalk("benchmarks", "build", "quays", "--from", str(items), "--force").code == 0
    assert smoltalk("benchmarks", "show", "quays").code == 0


@pytest.mark.parametrize(
    ("questions", "why"),
    [
        (QUESTIONS, "items.jsonl  holds 2 items; the spec says 3"),
        ([QUESTIONS[1]] * 3, "items.jsonl  does not hold the example of the spec, so these are other items"),
    ],
)
def test_other_items_than_the_specs_are_refused(
    smoltalk: Smoltalk, items: Path, questions: list[str], why: str
) -> None:
    items.write_text("".join(json.dumps({"question": question}) + "\n" for question in questions))
    said = smoltalk("benchmarks", "build", "quays", "--from", str(items))
    assert (said.code, f"{why}\n    --force builds it all the same" in said.err) == (2, True), said.err
    assert not (own_folder() / "quays.npz").exists()
    assert smoltalk("benchmarks", "build", "quays", "--from", str(items), "--force").code == 0


def test_a_spec_file_may_be_named_in_place_of_a_benchmark(smoltalk: Smoltalk, items: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(SPEC.replace("rows: 3", "rows: 2"))
    assert f"build it: smoltalk benchmarks build {mine}" in smoltalk("benchmarks", "show", str(mine)).out
    built = smoltalk("benchmarks", "build", str(mine), "--from", str(items))
    assert (built.code, built.out.startswith(f"{tmp_path / 'mine.npz'}: 2 of 2")) == (0, True)
    assert f"fingerprint {tmp_path / 'mine.npz'}" in smoltalk("benchmarks", "show", str(mine)).out
    ours = tmp_path / "decontam" / "quays.yaml"
    assert "build it: smoltalk benchmarks build quays" in smoltalk("benchmarks", "show", str(ours)).out
    assert "there is no file" in smoltalk("benchmarks", "show", str(tmp_path / "none.yaml")).err


def test_a_broken_expression_is_told_by_its_line(smoltalk: Smoltalk, items: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(SPEC.replace("question: ask", "question: ask ~"))
    said = smoltalk("benchmarks", "build", str(mine))
    assert (said.code, f"{mine}:3  `question: ask ~` cannot be worked out" in said.err) == (2, True), said.err


def test_a_name_of_two_says_which(smoltalk: Smoltalk, items: Path, tmp_path: Path) -> None:
    for version in ("0_1", "0_2"):
        (tmp_path / "decontam" / f"dock_{version}.yaml").write_text(SPEC)
    said = smoltalk("benchmarks", "show", "dock")
    assert (said.code, "`dock` are 2 benchmarks\n    name one: dock_0_1, dock_0_2" in said.err) == (2, True)


def test_everyday_wording_is_counted(smoltalk: Smoltalk, tmp_path: Path) -> None:
    (tmp_path / "talk.jsonl").write_text('{"question": "How do I tie a knot?"}\n' * 6)
    (tmp_path / "list.yaml").write_text("- {file: talk.jsonl, origin: here, licence: MIT, half: even number}\n")
    out = tmp_path / "everyday.npz"
    said = smoltalk("benchmarks", "everyday", str(tmp_path / "list.yaml"), "--from", str(tmp_path), "--out", str(out))
    assert (said.code, said.out) == (0, f"{out}: 4 n-grams\n")
