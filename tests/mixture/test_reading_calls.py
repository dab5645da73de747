"""Conversations as JSON objects a turn are what Python's JSON would write."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.mixture.calls import called
from smoltalk.mixture.reading import opened
from smoltalk.mixture.source import MixSource
from smoltalk.run.parquet import ParquetFiles, calls_type

_TYPE = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_turns = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "tool"]), "content": _texts})
_more = st.sampled_from([{}, {"name": "f"}, {"tool_calls": [{"function": {"name": "f", "arguments": {"x": '\n"'}}}]}])
_rows = st.lists(st.lists(st.tuples(_turns, _more), min_size=1, max_size=4), max_size=5)


@settings(deadline=None)
@given(_rows, st.integers(0, 2), st.booleans())
def test_turns_and_calls_are_joined(rows: list[list[tuple[Any, Any]]], skipped: int, silent: bool) -> None:
    messages = pa.array([[turn for turn, _ in row] for row in rows], _TYPE).slice(skipped)
    calls = [None if silent or not any(more for _, more in row) else json.dumps([m for _, m in row]) for row in rows]
    found = called(messages, pa.array(calls, pa.string()).slice(skipped))
    assert found.type == pa.list_(pa.string())
    assert [[json.loads(turn) for turn in row] for row in found.to_pylist()] == [
        [turn | ({} if silent else more) for turn, more in row] for row in rows[skipped:]
    ]


def test_what_runs_publish_with_calls_is_read_again(tmp_path: Path) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": None, "y": [1, "<"]}}}
    spoken: list[dict[str, Any]] = [
        {"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "name": "f", "content": "1"}, {"role": "assistant", "content": "a"},
    ]  # fmt: skip
    files = ParquetFiles([("messages", calls_type()), ("tools", pa.json_())], lambda _: tmp_path / "a.parquet")
    for turns in (spoken, spoken[:1] + spoken[3:], ["{", "b"]):
        files.add(([one if isinstance(one, str) else json.dumps(one) for one in turns], '[{"name":"f"}]'), 1)
    files.close()
    (piece,) = opened("s", MixSource(files=str(tmp_path / "a.parquet")), "sft", ["tools"]).pieces()
    calling, plain = piece().batch.to_pylist()
    assert [a | b for a, b in zip(calling["messages"], json.loads(calling["calls"]), strict=True)] == [
        *spoken[:1],
        spoken[1] | {"tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"y": [1, "<"]}}}]},
        *spoken[2:],
    ], "nulls are what Parquet fills in"
    assert plain["messages"] == spoken[:1] + spoken[3:] and plain["calls"] is None
    assert calling["tools"] == '[{"name":"f"}]'
    assert [one.detail for one in piece().failed] == ["`messages` turn 1 is text, not a role and a content"]
