"""Topic tree: a row for each leaf, shuffled, round after round; a mistaken tree is told by line."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import RowFailed, UserError
from smoltalk.pipeline import load
from smoltalk.steps.topic_tree import TopicTree

TREE = """
Cooking:
  Baking: [bread, "cake: plain", 7]
  Soups: {stock: , cold soup: }
Travel:
  Trains:
    - tickets
    - seats
  Walking:
    city walk:
    - ignored: no
""".replace("    - ignored: no\n", "")


def tree(folder: Path, text: str = TREE) -> Path:
    path = folder / "topics.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def rows(source: TopicTree, start: int = 0) -> list[dict[str, Any]]:
    found = list(source.rows(start))
    assert not any(isinstance(row, RowFailed) for row in found)
    return [row for row in found if isinstance(row, dict)]


def test_a_row_for_each_leaf(tmp_path: Path) -> None:
    source = TopicTree(path=str(tree(tmp_path)))
    assert list(source.check()) == []
    assert source.writes() == source.born_with() == {"topic", "subtopic", "subsubtopic"}
    found = [tuple(row.values()) for row in rows(source)]
    assert sorted(found) == [
        ("Cooking", "Baking", "7"),
        ("Cooking", "Baking", "bread"),
        ("Cooking", "Baking", "cake: plain"),
        ("Cooking", "Soups", "cold soup"),
        ("Cooking", "Soups", "stock"),
        ("Travel", "Trains", "seats"),
        ("Travel", "Trains", "tickets"),
        ("Travel", "Walking", "city walk"),
    ]
    assert len(found) == source.size() and len({topic for topic, _, _ in found[:4]}) == 2


def test_rounds_bear_every_leaf_in_another_order(tmp_path: Path) -> None:
    source = TopicTree(path=str(tree(tmp_path)), repeat=3, levels=["area", "field", "theme"])
    found = [tuple(row.items()) for row in rows(source)]
    assert source.size() == len(found) == 24 and found[0][0][0] == "area"
    turns = [found[i : i + 8] for i in (0, 8, 16)]
    assert all(Counter(turn) == Counter(turns[0]) for turn in turns)
    assert turns[0] != turns[1] != turns[2] != turns[0]
    assert rows(TopicTree(path=str(tree(tmp_path)), seed=1)) != rows(TopicTree(path=str(tree(tmp_path))))


@given(st.integers(0, 30), st.integers(1, 3))
def test_start_skips(tmp_path_factory: pytest.TempPathFactory, start: int, repeat: int) -> None:
    source = TopicTree(path=str(tree(tmp_path_factory.getbasetemp())), repeat=repeat)
    assert rows(source, start) == rows(source)[start:]


@pytest.mark.parametrize("text", ["[a, b]", "a: \nb: ", "- a\n- b"])
def test_a_tree_may_have_one_level(tmp_path: Path, text: str) -> None:
    assert sorted(row["topic"] for row in rows(TopicTree(path=str(tree(tmp_path, text))))) == ["a", "b"]


def test_the_fingerprint_follows_the_leaves(tmp_path: Path) -> None:
    before = TopicTree(path=str(tree(tmp_path))).fingerprint()
    assert TopicTree(path=str(tree(tmp_path, f"# a comment\n{TREE}"))).fingerprint() == before
    assert TopicTree(path=str(tree(tmp_path)), repeat=2).fingerprint() != before
    assert TopicTree(path=str(tree(tmp_path, TREE.replace("bread", "rolls")))).fingerprint() != before


@pytest.mark.parametrize(
    ("text", "fields", "told"),
    [
        (
            TREE,
            ", levels: [topic, subtopic]",
            ["topics.yaml:3  `Cooking > Baking > bread` ends at level 3, and `levels`"],
        ),
        ("a:\n  b: [c]\nd:\n  e:\n", "", ["topics.yaml:4  `d > e` ends at level 2, and the first leaf is at level 3"]),
        ("a: [b,\n  c, b]", "", ["topics.yaml:2  `a > b` is there twice", "the first is at line 1"]),
        ("a: 1\na: 2", "", ["topics.yaml:2  key `a` is there twice"]),
        ("a:\n - [b]", "", ["topics.yaml:2  a list inside a list has no name", "write a mapping"]),
        ("a:\n - b\n -\n", "", ["topics.yaml:3  an item of the list is empty"]),
        ("a: [", "", ["topics.yaml:1  not YAML"]),
        ("", "", ["own.yaml:3  topics.yaml holds no topic"]),
        (TREE, ", levels: [a, a, b]", ["own.yaml:3  `levels` names a column twice"]),
        (TREE, ", level: [a]", ["no field `level`", "did you mean `levels`?"]),
        (TREE, ", path2: x", ["no field `path2`"]),
        (TREE, ", repeat: 0", ["repeat: must be a whole number greater than 0"]),
    ],
)
def test_a_mistake_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fields: str, told: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, text)
    found = problems(f"topic_tree: {{path: topics.yaml{fields}}}")
    assert all(part in found for part in told), found


def test_a_missing_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path)
    assert "no file topic.yaml" in problems("topic_tree: {path: topic.yaml}")
    assert "did you mean `topics.yaml`?" in problems("topic_tree: {path: topic.yaml}")


def problems(step: str) -> str:
    Path("own.yaml").write_text(f"name: own\nsteps:\n  - {step}\n")
    with pytest.raises(UserError) as caught:
        load("own.yaml")
    return str(caught.value)
