"""Files of items: what an item may look like, and which lines are none."""

from pathlib import Path

import pytest

from smoltalk.benchmarks import Item, items_in
from smoltalk.errors import UserError


def test_an_item_is_read_with_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"id": 7, "question": "ok", "passage": null, "choices": ["a", 2.5], "answer": 3, "other": 1}\n\n')
    assert list(items_in(path)) == [Item(id="7", question="ok", choices=("a", "2.5"), answer="3")]


def test_choices_follow_the_stem_behind_their_letters() -> None:
    item = Item(passage="On deck.", question="Which?", choices=("red", "blue"))
    assert (item.stem, item.lettered) == ("On deck. Which?", "On deck. Which? A red B blue")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"question": ', "not JSON"),
        ("[1]", "an item is"),
        ('{"passage": "x"}', "it has no `question`"),
        ('{"question": ["a"]}', "its `question` is no text"),
        ('{"question": "a", "choices": "b"}', "its `choices` are no list"),
        ('{"question": "a", "choices": ["b", ["c"]]}', "its choice 2 is neither text nor number"),
        ('{"question": "a", "answer": [3]}', "its `answer` is no text, and no number"),
        ('{"question": "  "}', "its question is empty"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(f'{{"question": "ok"}}\n{line}\n')
    with pytest.raises(UserError, match=rf"items\.jsonl:2  this line is not an item: .*{why}"):
        list(items_in(path))


def test_all_bad_lines_are_named_at_once_up_to_twenty(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text("x\n" * 30)
    with pytest.raises(UserError) as caught:
        list(items_in(path))
    assert [problem.line for problem in caught.value.problems] == list(range(1, 21))


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: no such file"):
        list(items_in(tmp_path / "none.jsonl"))
    with pytest.raises(UserError, match="cannot be read: is a directory"):
        list(items_in(tmp_path))


def test_bytes_that_are_no_utf8_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"question": "caf\xe9"}\n')
    assert [item.question for item in items_in(path)] == ["caf\N{REPLACEMENT CHARACTER}"]


def test_a_file_without_items_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "exam.jsonl"
    path.write_text("\n\n")
    with pytest.raises(UserError, match="holds no items"):
        list(items_in(path))
