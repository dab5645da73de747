"""Turns out of Arrow: every form that a published conversation has, as flat arrays."""

import json
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

from smoltalk.reporting.sampled import row_of
from smoltalk.reporting.spoken import PARTS, ROLES, Spoken, spoken
from smoltalk.run.parquet import calls_type, messages_type

TALK = [
    [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "héllo"},
        {"role": "assistant", "content": ""},
    ],
    [],
    None,
    [{"role": "tool", "content": None}, {"role": "stranger", "content": "x"}],
]
FLAT = [(0, "system", "be kind"), (0, "user", "héllo"), (0, "assistant", ""), (3, "tool", ""), (3, None, "x")]


def flat(found: Spoken) -> list[tuple[int, str | None, str]]:
    """(row, role, content) of each turn; None for a role that is none of ours."""
    roles = [*ROLES, None]
    return [
        (int(row), roles[role], text)
        for row, role, text in zip(found.rows, found.roles, found.contents.to_pylist(), strict=True)
    ]


def with_calls(rows: list[Any]) -> pa.Array:
    """The same turns as JSON."""
    texts = pa.array(
        [None if row is None else [json.dumps(turn) for turn in row] for row in rows], pa.list_(pa.string())
    )
    turns = pa.ExtensionArray.from_storage(pa.json_(), texts.values)
    return pa.ListArray.from_arrays(texts.offsets, turns, type=calls_type(), mask=texts.is_null())


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TALK, messages_type()),
        pa.array(TALK, pa.large_list(pa.struct([("content", pa.large_string()), ("role", pa.string())]))),
        pa.array([None, *TALK], messages_type()).slice(1),
        with_calls(TALK),
    ],
    ids=["ours", "large", "sliced", "calls"],
)
def test_conversations(column: pa.Array) -> None:
    assert flat(spoken(pa.record_batch([column], ["messages"]))) == FLAT


def test_buffers_are_the_texts() -> None:
    found = spoken(pa.record_batch([pa.array(TALK, messages_type())], ["messages"]))
    data, offsets = found.buffers()
    texts = [data[a:b].tobytes().decode() for a, b in pairwise(offsets)]
    assert texts == found.contents.to_pylist()


def test_pairs_come_row_by_row() -> None:
    turns = {name: [[{"role": "assistant", "content": f"{name}{n}"}] for n in range(2)] for name in PARTS[2:]}
    columns = {"prompt": ["ask 0", "ask 1"], **turns}
    found = spoken(pa.record_batch(list(map(pa.array, columns.values())), list(columns)))
    told = zip(found.rows.tolist(), found.parts.tolist(), found.contents.to_pylist(), strict=True)
    assert [(row, PARTS[part], text) for row, part, text in told] == [
        (0, "prompt", "ask 0"), (0, "chosen", "chosen0"), (0, "rejected", "rejected0"),
        (1, "prompt", "ask 1"), (1, "chosen", "chosen1"), (1, "rejected", "rejected1"),
    ]  # fmt: skip


@pytest.mark.parametrize("column", [pa.array([1, 2]), pa.array([[1], [2]]), pa.array([[{"a": "b"}]])])
def test_what_holds_no_turns_gives_none(column: pa.Array) -> None:
    assert flat(spoken(pa.record_batch([column], ["messages"]))) == []


def test_a_sample_is_cut_and_says_so() -> None:
    turns = [{"role": "user", "content": "x" * 9_000} for _ in range(60)]
    row = row_of({"id": "a", "messages": turns, "note": "y" * 900})
    assert [(len(text), cut) for _, text, cut in row.turns] == [(8_000, 1_000)] * 3
    assert row.turns_left_out == 57
    assert len(row.columns["note"]) == 600
