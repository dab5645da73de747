"""Benchmarks: specs, fingerprints, and the command that lists, shows and builds them."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from smoltalk import benchmarks
from smoltalk.benchmarks import Item, Spec
from smoltalk.benchmarks.__main__ import main
from smoltalk.benchmarks.build import build, items_in
from smoltalk.errors import UserError
from smoltalk.text import ngrams, word_hashes, words

SPEC = """
dataset: someone/quays
splits: [test]
question: "body ~ ' ' ~ ask"
choices: options
answer: options[right]
licence: MIT
rows: 2
example: Which of the two ropes is the longer one, and by how many fathoms exactly?
"""
LONG = "Which of the two ropes is the longer one, and by how many fathoms exactly?"
ITEMS = [Item(question=LONG), Item(question="How long is the rope?"), Item(question="Why?")]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A decontam folder with one spec."""
    (tmp_path / "quays.yaml").write_text(SPEC)
    (tmp_path / "boilerplate.txt").write_text("The nth of the\n")
    for module in ("smoltalk.benchmarks", "smoltalk.benchmarks.build", "smoltalk.benchmarks.__main__"):
        monkeypatch.setattr(f"{module}.folder", lambda: tmp_path)
    return tmp_path


def test_expressions_make_items(shelf: Path) -> None:
    row = {"body": "There are three quays.", "ask": "Which is red?", "options": ["A", "B", "C"], "right": 2, "id": 7}
    expected = Item(question="There are three quays. Which is red?", choices=("A", "B", "C"), answer="C")
    assert benchmarks.spec("quays").item(row) == expected


def test_expressions_reach_nothing_but_the_item(shelf: Path) -> None:
    from jinja2.exceptions import SecurityError

    spec = benchmarks.spec("quays").model_copy(update={"question": "body.__class__.__mro__[1].__subclasses__()"})
    with pytest.raises(SecurityError):
        spec.item({"body": "x"})


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("revision: main", "revision"), ("extra: 1", "extra"), ("splits: []", "splits"), ("rows: 0", "rows")],
)
def test_a_bad_spec_is_a_sentence_about_the_file(shelf: Path, line: str, sentence: str) -> None:
    key = line.split(":")[0]
    kept = [old for old in SPEC.splitlines() if not old.startswith(f"{key}:")]
    (shelf / "quays.yaml").write_text("\n".join([*kept, line]))
    with pytest.raises(UserError, match=f"quays.yaml  `{sentence}`"):
        benchmarks.spec("quays")


def test_unknown_names_get_a_hint(shelf: Path) -> None:
    with pytest.raises(UserError, match=r"no benchmark `quay` in decontam/\n    did you mean `quays`\?"):
        benchmarks.spec("quay")


def test_a_fingerprint_holds_hashes_of_what_the_readme_says(shelf: Path) -> None:
    made = build("quays", ITEMS, "here")
    mine = np.unique(ngrams(word_hashes(words(LONG)), 3).astype(np.uint32))
    assert made.grams.tolist() == mine.tolist()
    assert made.starts.tolist() == [0, len(mine), len(mine), len(mine)]
    assert made.lengths.tolist() == [15, 0, 0]
    short = word_hashes(words("how long is the rope"))
    assert made.runs.tolist() == ngrams(short, 5).tolist()
    assert (made.run_items.tolist(), made.run_lengths.tolist()) == ([1], [5])
    assert (made.manifest.rows, made.manifest.items) == (3, 2)


def test_common_wording_is_left_out_where_enough_else_remains(shelf: Path) -> None:
    wording = "What is the name of the ship with the"
    items = [Item(question=f"{wording} mast{i} sail{i} rope{i} lamp{i} oar{i} keel{i} hull{i}?") for i in range(70)]
    made = build("quays", items, "here")
    assert set(made.spread.tolist()) == {1}
    assert np.diff(made.starts).tolist() == [7] * 70
    only = build("quays", [Item(question=f"{wording} tallest and oldest mast{i}?") for i in range(70)], "here")
    assert np.diff(only.starts).tolist() == [11] * 70
    assert set(only.spread.tolist()) == {1, benchmarks.COMMON}


def test_boilerplate_counts_as_common(shelf: Path) -> None:
    made = build("quays", [Item(question="Find the nth of the ropes that a sailor of the north ties by hand.")], "here")
    text = word_hashes(words("the nth of the"))
    assert not set(ngrams(text, 3).astype(np.uint32).tolist()) & set(made.grams.tolist())


def test_short_questions_that_several_items_ask_are_left_out(shelf: Path) -> None:
    made = build("quays", [Item(question=q) for q in ("How long is the rope?", "HOW LONG is the rope", LONG)], "here")
    assert (len(made.runs), made.manifest.items) == (0, 1)


def test_a_stored_fingerprint_comes_back_and_its_bytes_are_its_content(shelf: Path) -> None:
    made = build("quays", ITEMS, "here")
    benchmarks.save(made, shelf / "quays.npz")
    again = benchmarks.load("quays")
    assert again.manifest == made.manifest
    assert all(np.array_equal(getattr(again, name), getattr(made, name)) for name in ("grams", "runs", "starts"))
    benchmarks.save(again, shelf / "again.npz")
    assert (shelf / "again.npz").read_bytes() == (shelf / "quays.npz").read_bytes()
    assert b"rope" not in (shelf / "quays.npz").read_bytes()


def test_a_fingerprint_of_another_hashing_is_refused(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmarks.save(build("quays", ITEMS, "here"), shelf / "quays.npz")
    monkeypatch.setattr("smoltalk.benchmarks.WORDS_VERSION", 99)
    with pytest.raises(
        UserError, match=r"of an older hashing\n    build it: python -m smoltalk\.benchmarks build quays"
    ):
        benchmarks.load("quays")


def test_an_empty_benchmark_is_a_fingerprint_of_nothing(shelf: Path) -> None:
    made = build("quays", [], "here")
    assert (len(made.grams), made.starts.tolist(), made.manifest.items) == (0, [0], 0)


def test_a_bad_line_of_items_is_named(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"question": "ok", "passage": null, "choices": ["a"], "other": 1}\n{"question": \n')
    with pytest.raises(UserError, match=r"items\.jsonl:2  this line is not an item"):
        list(items_in(path))


def test_the_command_builds_shows_and_lists(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = shelf / "items.jsonl"
    items.write_text("".join(json.dumps({"question": item.question}) + "\n" for item in ITEMS))
    assert main(["build", "quays", "--from", str(items), "--origin", "a@b"]) == 0
    assert "2 of 3 items" in capsys.readouterr().out
    assert main(["show", "quays"]) == 0
    assert '"origin": "a@b"' in capsys.readouterr().out
    assert main(["list"]) == 0
    assert capsys.readouterr().out == "quays            someone/quays\n"
    assert main(["show", "quay"]) == 2
    assert "did you mean `quays`?" in capsys.readouterr().err


def test_items_come_from_the_hub_by_config_and_split(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def load_dataset(path: str, name: str | None, split: str, revision: str | None) -> list[dict[str, object]]:
        asked.append((path, name, split, revision))
        return [{"body": name, "ask": split, "options": ["a"], "right": 0}]

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    (shelf / "quays.yaml").write_text(SPEC + f"config: [north, south]\nrevision: {'a' * 40}\n")
    from smoltalk.benchmarks.build import items_on_hub

    assert [item.question for item in items_on_hub(benchmarks.spec("quays"))] == ["north test", "south test"]
    assert asked[1] == ("someone/quays", "south", "test", "a" * 40)


def test_a_spec_must_know_its_columns() -> None:
    with pytest.raises(ValidationError):
        Spec.model_validate({"dataset": "a/b", "splits": ["test"], "licence": "MIT", "rows": 1, "example": "x"})
