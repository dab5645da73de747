"""Conversations as JSON objects a turn are what Python's JSON would write."""

import json
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.mixture.calls import called

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
