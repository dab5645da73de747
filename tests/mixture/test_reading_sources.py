"""A source as pieces: which of its rows and columns are read, and from where."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.lines import Block
from smoltalk.decontamination.parts import Part
from smoltalk.errors import UserError
from smoltalk.mixture.reading import opened
from smoltalk.mixture.source import MixSource
from tests.mixture.small_runs import turns
from tests.mixture.small_sources import failed, lines, parquet, read, rows, source


def test_rows_have_ids_places_turns_and_what_is_asked_for(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "a.jsonl",
        {"messages": turns("q <|im_end|>", "a"), "category": "math", "n": 1},
        {"messages": turns("q2", "a2"), "category": None, "n": 2},
    )
    pieces = read(opened("one", source(file), "sft", ["category", "n", "absent"]))
    first, second = rows(pieces)
    assert first == {
        "id": first["id"], "source": "one", "source_id": "a.jsonl:1", "messages": turns("q < |im_end|>", "a"),
        "calls": None, "category": "math", "n": 1, "absent": None,
    }  # fmt: skip
    assert (second["source_id"], second["category"], second["n"]) == ("a.jsonl:2", None, 2)
    assert [piece.mended for piece in pieces] == [1]
    assert all(len(row["id"]) == 16 and int(row["id"], 16) >= 0 for row in (first, second))


def test_only_rows_that_where_asks_for_are_born(tmp_path: Path) -> None:
    given = [
        {"messages": turns("q", "a"), "kind": "math", "level": 1, "easy": True},
        {"messages": turns("q", "a"), "kind": "code", "level": 2, "easy": True},
        {"messages": None, "kind": "math", "level": 2, "easy": False},
        {"messages": turns("q", "a"), "kind": None, "level": None, "easy": None},
    ]
    for file in (lines(tmp_path / "a.jsonl", *given), parquet(tmp_path / "b.parquet", given)):
        for where, born, passed in (
            ({"kind": "math"}, [1, 3], 2),
            ({"kind": ["math", "code"], "easy": True}, [1, 2], 2),
            ({"level": 2}, [2, 3], 2),
            ({"level": 2.0}, [2, 3], 2),
            ({"level": True}, [], 4),
            ({"easy": 1}, [], 4),
            ({"level": "2"}, [], 4),
        ):
            pieces = read(opened("s", source(file, where=where), "sft"))
            places = [row["source_id"] for row in rows(pieces)] + [one.place for one in failed(pieces)]
            assert sorted(places) == [f"{file.name}:{number}" for number in born], where
            assert sum(piece.passed_over for piece in pieces) == passed


def test_calls_are_read_from_lines_and_columns_alike(tmp_path: Path) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
    spoken = [
        *turns("q"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "1"},
    ]
    given = [{"messages": turns("q", "a"), "tools": [{"name": "f"}]}, {"messages": spoken, "tools": None}]
    for file in (lines(tmp_path / "a.jsonl", *given), parquet(tmp_path / "b.parquet", given)):
        plain, calling = rows(read(opened("s", source(file), "sft", ["tools"])))
        assert plain["calls"] is None
        assert plain["tools"] == '[{"name":"f"}]'
        assert json.loads(calling["calls"]) == [{}, {"tool_calls": [call]}, {}]
        assert [turn["role"] for turn in calling["messages"]] == ["user", "assistant", "tool"]
        assert calling["messages"][1]["content"] == ""


def test_missing_columns_are_all_told_at_once(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", [{"question": "q", "answer": "a", "topic": "t"}])
    with pytest.raises(UserError) as said:
        opened("s", source(file, columns={"user": "questoin", "assistant": "answer"}, where={"topik": "t"}), "sft")
    assert [(p.path, p.sentence, p.hint) for p in said.value.problems] == [
        ("mix.sources.s", "has no column `questoin`", "did you mean `question`?"),
        ("mix.sources.s", "has no column `topik`", "did you mean `topic`?"),
    ]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", [{"messages": turns("q", "a")}] * 50)
    whole = file.read_bytes()
    file.write_bytes(whole[:20] + b"\xff" * 60 + whole[80:])
    with pytest.raises(UserError, match="is no whole Parquet file"):
        read(opened("s", source(file), "sft"))


class _Head:
    """A dataset on the Hub of which parts are handed out as `OnHub` does, without a network."""

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        self.tables, self.asked = tables, 0

    def parts(self, hub: OnHub, done: Any) -> Iterator[Part]:
        self.asked += 1
        for number, table in enumerate(self.tables):
            blocks = [] if done(number) else [Block(table, [], 0)]
            yield Part(number, hub.dataset, 0, lambda blocks=blocks: iter(blocks))  # type: ignore[misc]


def test_a_dataset_on_the_hub_is_read_at_one_commit_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [pa.table({"messages": [turns("q", "a")] * 2}), pa.table({"messages": [turns("q3", "a"), None]})]
    head = _Head(tables)
    monkeypatch.setattr(OnHub, "parts", lambda self, done: head.parts(self, done))
    monkeypatch.setattr(OnHub, "_head", lambda self: "c0ffee")
    hub = MixSource(hub="org/name", config="all", split="test", licence="mit")
    reader = opened("s", hub, "sft")
    assert (reader.commit, reader.origin, reader.licence) == ("c0ffee", "org/name (all, test)", "mit")
    pieces = read(reader)
    assert head.asked == 1
    assert [row["source_id"] for row in rows(pieces)] == ["test:1", "test:2", "test:4097"]
    assert [one.place for one in failed(pieces)] == ["test:4098"]
    assert [piece().number for piece in reader.pieces({0}.__contains__)] == [1]
    monkeypatch.setattr(OnHub, "_head", lambda self: "0ther")
    assert opened("s", hub, "sft", before=reader.identity()).commit == "c0ffee"
    with pytest.raises(UserError, match="has no column `messages`"):
        head.tables = [pa.table({"text": ["x"]})]
        opened("s", hub, "sft")
