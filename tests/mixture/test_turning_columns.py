"""Conversations out of columns of every shape are those that a plain reading of each value gives."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.mixture.roles import ASSISTANT, ROLES, SYSTEM, USER
from smoltalk.mixture.turning import conversations, exchanges
from smoltalk.mixture.turning_values import Turns, from_values

_TURN = pa.struct([("role", pa.string()), ("content", pa.string())])


def told(turns: Turns) -> list[Any]:
    """A row's turns, or why it has none."""
    contents = turns.contents.to_pylist()
    assert None not in contents
    assert len(contents) == len(turns.codes) == turns.rows[-1]
    return [
        turns.bad[row].reason
        if row in turns.bad
        else [(ROLES[turns.codes[turn]], contents[turn]) for turn in range(turns.rows[row], turns.rows[row + 1])]
        for row in range(len(turns.rows) - 1)
    ]


_texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
_roles = st.sampled_from(["user", "Human", "assistant", "gpt", "SYSTEM", "tool", "alien", None])
_turns = st.one_of(st.none(), st.fixed_dictionaries({"role": _roles, "content": _texts}))
_columns = st.lists(st.one_of(st.none(), st.lists(_turns, max_size=4)), max_size=6)


@settings(deadline=None, max_examples=200)
@given(_columns, st.integers(0, 2))
def test_a_column_gives_what_its_values_give(rows: list[Any], skipped: int) -> None:
    for kind in (pa.list_(_TURN), pa.large_list(_TURN), pa.list_(pa.struct(list(_TURN)[::-1]))):
        column = pa.array(rows, kind).slice(skipped)
        found, wanted = told(conversations(column)), told(from_values(column.to_pylist()))
        assert [one if isinstance(one, list) else "bad" for one in found] == [
            one if isinstance(one, list) else "bad" for one in wanted
        ]


_SAID = [[("user", "q"), ("assistant", "a")], [("system", "s"), ("user", "q2"), ("assistant", "a2")]]
_GIVEN = [[{"role": role, "content": text} for role, text in turns] for turns in _SAID]
_SHARE = [[{"from": {"user": "human", "assistant": "gpt"}.get(r, r), "value": t} for r, t in turns] for turns in _SAID]
_ZIPPED = [{name: [turn[name] for turn in turns] for name in ("role", "content")} for turns in _GIVEN]


def _coded(kind: pa.DataType) -> pa.Array:
    roles = pa.array([turn["role"] for turns in _GIVEN for turn in turns]).dictionary_encode()
    contents = pa.array([turn["content"] for turns in _GIVEN for turn in turns]).cast(kind)
    inner = pa.StructArray.from_arrays([contents, roles], ["content", "role"])
    return pa.ListArray.from_arrays(pa.array([0, 2, 5], pa.int32()), inner)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(_GIVEN),
        pa.array(_SHARE),
        pa.array(_GIVEN, pa.large_list(_TURN)),
        pa.array(_GIVEN, pa.list_(pa.struct([*_TURN, ("weight", pa.int64()), ("tool_calls", pa.list_(pa.string()))]))),
        pa.array(_GIVEN, pa.list_(pa.map_(pa.string(), pa.string()))),
        pa.array(_ZIPPED),
        pa.array([json.dumps(one) for one in _GIVEN]),
        pa.array([json.dumps(one, indent=1) for one in _SHARE]),
        pa.array([json.dumps(one) for one in _GIVEN]).dictionary_encode(),
        pa.array([json.dumps(one) for one in _GIVEN]).cast(pa.string_view()),
        _coded(pa.large_string()),
        _coded(pa.string_view()),
        [_GIVEN[0], _SHARE[1]],
        [json.dumps(_GIVEN[0]), _ZIPPED[1]],
        [_GIVEN[0], [{"role": r, "content": [{"type": "text", "text": t}]} for r, t in _SAID[1]]],
    ],
    ids=str,
)
def test_every_shape_is_read(column: Any) -> None:
    turns = conversations(column)
    assert told(turns) == _SAID
    assert not turns.calls
    assert not turns.mended


def test_contents_in_parts_are_joined_where_all_of_them_are_texts() -> None:
    def turn(*parts: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"role": "user", "content": list(parts)}, {"role": "assistant", "content": [{"text": "a"}]}]

    text, image = {"type": "text", "text": "q"}, {"type": "image", "text": None}
    rows = [turn(text), turn(text, image), turn(text, text), turn(), turn(text), turn(text), turn(text)]
    turns = conversations(pa.array(rows))
    said = [("user", "q"), ("assistant", "a")]
    twice = [("user", "q\nq"), ("assistant", "a")]
    assert told(turns) == [said, "wrong_type", twice, "no_content", said, said, said]
    assert told(turns) == told(from_values(rows))
    names = [[{"role": turn["role"], "content": ["q", "r"]} for turn in row] for row in rows]
    assert told(conversations(pa.array(names))) == told(from_values(names))


def test_a_row_that_is_no_conversation_says_why() -> None:
    rows = [
        None, [], 3, "no json", "", [3], [{"role": "alien", "content": "x"}], [{"content": "x"}],
        [{"role": "user"}], [{"role": "user", "content": {"a": 1}}],
        [{"role": "user", "content": [{"type": "image"}]}], {"role": ["user"], "content": ["a", "b"]},
    ]  # fmt: skip
    turns = from_values(rows)
    assert told(turns) == [
        "no_turns", "no_turns", "wrong_type", "not_json", "no_turns", "wrong_type", "unknown_role", "unknown_role",
        "no_content", "wrong_type", "wrong_type", "wrong_type",
    ]  # fmt: skip
    assert turns.bad[6].detail == "turn 1 is spoken by 'alien', not by system, user, assistant or tool"
    assert turns.bad[10].detail == "turn 1 holds a part that is no text (image)"


def test_only_the_rows_with_calls_carry_them() -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    rows = [
        *[_GIVEN[0]] * 3,
        [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "1", "name": "f"},
            {"role": "assistant", "content": "1."},
        ],
        _GIVEN[1],
    ]
    turns = conversations(pa.array(rows))
    assert told(turns)[3] == [("user", "q"), ("assistant", ""), ("tool", "1"), ("assistant", "1.")]
    assert told(turns)[4] == _SAID[1]
    assert {row: json.loads(calls) for row, calls in turns.calls.items()} == {
        3: [{}, {"tool_calls": [call]}, {"name": "f"}, {}]
    }


def test_texts_side_by_side_make_turns() -> None:
    user = pa.array(["q", None, "", "q4"]).dictionary_encode()
    assistant = pa.array(["a", "b", "c", "d"], pa.large_string())
    system = pa.array([None, "s", "s", ""])
    turns = exchanges({SYSTEM: system, USER: user, ASSISTANT: assistant}, {SYSTEM: "s", USER: "u", ASSISTANT: "a"})
    assert told(turns) == [
        [("user", "q"), ("assistant", "a")],
        "missing",
        [("system", "s"), ("user", ""), ("assistant", "c")],
        [("user", "q4"), ("assistant", "d")],
    ]
    mixed = exchanges({USER: ["q", 3, None], ASSISTANT: assistant[:3]}, {USER: "u", ASSISTANT: "a"})
    assert told(mixed) == [[("user", "q"), ("assistant", "a")], "wrong_type", "missing"]


def test_broken_bytes_are_mended_and_counted() -> None:
    raw = pa.array([b"q", b"a\xff", b"q2", b"a2"])
    contents = pa.Array.from_buffers(pa.string(), 4, raw.buffers())
    inner = pa.StructArray.from_arrays([pa.array(["user", "assistant"] * 2), contents], ["role", "content"])
    column = pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), inner)
    turns = conversations(column)
    assert told(turns)[0] == [("user", "q"), ("assistant", "a\ufffd")]
    assert turns.mended == {0}
