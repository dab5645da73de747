"""Every row of two datasets is the same, added, removed or changed: nothing is counted twice or left out."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.comparison.session import Difference, compare, rows_of
from smoltalk.comparison.writing import by_column, differing
from smoltalk.decontamination.parts import Files

Rows = list[dict[str, Any]]


def saved(folder: Path, name: str, rows: Rows) -> Files:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Files((path,), path.stat().st_size)


def told(folder: Path, before: Rows, after: Rows) -> tuple[Difference, Files, Files]:
    one, two = saved(folder, "before", before), saved(folder, "after", after)
    return compare(one, two, lambda rows: None), one, two


few = st.integers(0, 4).map(str)
rows_with_ids = st.dictionaries(few, few, max_size=5).map(lambda d: [{"id": k, "text": v} for k, v in d.items()])
rows_without = st.lists(few, max_size=6).map(lambda texts: [{"text": text} for text in texts])


@given(rows_with_ids, rows_with_ids)
def test_by_id_each_row_has_one_fate(tmp_path_factory: Any, before: Rows, after: Rows) -> None:
    found, one, two = told(tmp_path_factory.mktemp("by-id"), before, after)
    if found.by == "content":  # no id in both
        assert not {row["id"] for row in before} & {row["id"] for row in after} and before and after
        return
    old, new = ({row["id"]: row["text"] for row in rows} for rows in (before, after))
    assert found.same == sum(old.get(key) == text for key, text in new.items())
    assert {pair.after["id"] for pair in rows_of(found, "added", one, two) if pair.after} == new.keys() - old.keys()
    assert {pair.before["id"] for pair in rows_of(found, "removed", one, two) if pair.before} == old.keys() - new.keys()
    changed = list(rows_of(found, "changed", one, two))
    assert all(differing(pair) == ["text"] for pair in changed)
    assert found.same + len(found.added) + len(changed) == len(after)
    assert found.same + len(found.removed) + len(changed) == len(before)


@given(rows_without, rows_without)
def test_by_content_rows_are_multisets(tmp_path_factory: Any, before: Rows, after: Rows) -> None:
    found, one, two = told(tmp_path_factory.mktemp("by-content"), before, after)
    if not before or not after:
        assert len(found.added) == len(after) and len(found.removed) == len(before)
        return
    old, new = (Counter(row["text"] for row in rows) for rows in (before, after))
    assert found.by == "content" and found.same == (old & new).total()
    assert Counter(p.after["text"] for p in rows_of(found, "added", one, two) if p.after) == new - old
    assert Counter(p.before["text"] for p in rows_of(found, "removed", one, two) if p.before) == old - new


def test_columns_that_changed_are_counted(tmp_path: Path) -> None:
    before = [{"id": str(n), "text": "a", "score": n} for n in range(4)]
    after = [{"id": str(n), "score": n + (n > 1), "text": "b" if n > 2 else "a"} for n in range(4)]
    found, one, two = told(tmp_path, before, after)
    assert found.same == 2 and by_column(rows_of(found, "changed", one, two)) == {"score": 2, "text": 1}


def test_a_null_column_is_like_none(tmp_path: Path) -> None:
    found, *_ = told(tmp_path, [{"id": "a", "text": "x", "more": None}], [{"id": "a", "text": "x"}])
    assert (found.by, found.same) == ("id", 1)


def test_ids_that_repeat_do_not_tell_rows_apart(tmp_path: Path) -> None:
    found, *_ = told(tmp_path, [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], [{"id": "a", "text": "x"}])
    assert (found.by, found.same, len(found.removed)) == ("content", 1, 1)


TALK = [{"role": "user", "content": "Name a bird."}, {"role": "assistant", "content": "A wren."}]


def test_rows_without_common_ids_are_told_apart_by_their_turns(tmp_path: Path) -> None:
    other = [{"role": "user", "content": "Name a tree."}, {"role": "assistant", "content": "An elm."}]
    before = [{"id": "a", "source": "one", "messages": TALK}, {"id": "b", "messages": other}]
    after = [{"id": "x", "source": "two", "messages": [{**turn, "tool_calls": None} for turn in TALK]}]
    found, one, two = told(tmp_path, before, after)
    assert (found.by, found.same, len(found.added), len(found.removed)) == ("turns", 1, 0, 1)
    assert [pair.before["id"] for pair in rows_of(found, "removed", one, two) if pair.before] == ["b"]


def test_pairs_are_told_apart_by_all_they_say(tmp_path: Path) -> None:
    pair = {"prompt": "Which?", "chosen": TALK, "rejected": "no"}
    found, *_ = told(tmp_path, [{"id": "a", **pair}], [{"id": "x", **pair, "rejected": "never"}, {"id": "y", **pair}])
    assert (found.by, found.same, len(found.added)) == ("turns", 1, 1)


def test_rows_without_turns_are_told_apart_by_all_columns(tmp_path: Path) -> None:
    before, after = {"prompt": "Why?", "response": "So."}, {"prompt": "Why?", "response": "Because."}
    found, *_ = told(tmp_path, [{"id": "a", **before}], [{"id": "x", **after}])
    assert (found.by, found.same) == ("content", 0)


def test_shapes_stand_side_by_side(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "four"}, {"role": "assistant", "content": "letters"}]
    found, *_ = told(
        tmp_path,
        [{"id": "a", "messages": turns, "kind": "x", "note": "n" * 99}],
        [{"id": "a", "kind": "y", "score": 2.5}],
    )
    one, two = found.before.shape, found.after.shape
    assert one.numbers()["characters"]["mean"] == len("fourletters")
    assert one.numbers()["turns of messages"]["median"] == 2
    assert (one.counts, two.counts) == ({"kind": {"x": 1}}, {"kind": {"y": 1}})
    assert two.numbers()["score"]["mean"] == 2.5


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    broken = pa.array([b"fine", b"\xff\xfe"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": broken}), tmp_path / "a.parquet")
    data = Files((tmp_path / "a.parquet",), 1)
    found = compare(data, data, lambda rows: None)
    assert found.same == 1 and len(found.before.unreadable) == 1
