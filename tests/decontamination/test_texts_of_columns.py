"""Texts of Arrow columns: the same as Python would gather, however the column is laid out."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.decontamination import work
from smoltalk.decontamination.columns import placed, role_of, said_in, text_columns

TEXT = st.none() | st.text(max_size=6)
TURN = st.none() | st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": TEXT})
ROW = st.fixed_dictionaries(
    {"a": TEXT, "turns": st.none() | st.lists(TURN, max_size=3), "list": st.none() | st.lists(TEXT, max_size=3)}
)
SCHEMA = pa.schema(
    [
        ("a", pa.string()),
        ("turns", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("list", pa.large_list(pa.large_string())),
    ]
)


def gathered(batch: pa.RecordBatch, columns: list[str]) -> list[list[tuple[str, str, int]]]:
    found = placed(batch, columns)
    offsets, data = found.texts.offsets, found.texts.data
    texts = [data[offsets[i] : offsets[i + 1]].tobytes().decode() for i in range(len(offsets) - 1)]
    where = [columns[number] for number in found.columns]
    whole = list(zip(texts, where, found.turns.tolist(), strict=True))
    return [whole[found.texts.rows[i] : found.texts.rows[i + 1]] for i in range(batch.num_rows)]


def expected(row: dict[str, Any], columns: list[str]) -> list[tuple[str, str, int]]:
    found = []
    for name in columns:
        values = enumerate(row[name] or []) if name != "a" else [(-1, row[name])]
        for turn, value in values:
            text = value["content"] if isinstance(value, dict) else value
            if text is not None:
                found.append((text, name, turn))
    return found


CHOICES = st.sampled_from([["a"], ["turns"], ["list"], ["a", "turns", "list"]])


@settings(deadline=None)
@given(st.lists(ROW, max_size=6), st.integers(0, 3), CHOICES)
def test_every_text_in_its_place(given_rows: list[dict[str, Any]], skipped: int, columns: list[str]) -> None:
    whole = pa.RecordBatch.from_pylist(given_rows, SCHEMA)
    batch = whole.slice(min(skipped, whole.num_rows))
    assert gathered(batch, columns) == [expected(row, columns) for row in batch.to_pylist()]


def test_columns_with_text() -> None:
    kinds = {
        "id": pa.string(), "n": pa.int64(), "text": pa.string(), "kind": pa.dictionary(pa.int32(), pa.string()),
        "turns": SCHEMA.field("turns").type, "odd": pa.list_(pa.struct([("score", pa.float64())])),
        "view": pa.string_view(),
    }  # fmt: skip
    schema = pa.schema(list(kinds.items()))
    assert text_columns(schema) == ["text", "kind", "turns", "view"]
    assert text_columns(schema, ("id", "n", "none")) == ["id"]


@pytest.mark.parametrize("kind", [pa.dictionary(pa.int32(), pa.string()), pa.string_view(), pa.large_string()])
def test_other_layouts_of_text(kind: pa.DataType) -> None:
    batch = pa.record_batch({"a": pa.array(["x", None, "yz"]).cast(kind)})
    assert gathered(batch, ["a"]) == [[("x", "a", -1)], [], [("yz", "a", -1)]]


def test_texts_are_of_one_kind_to_compiled_code() -> None:
    batch = pa.record_batch({"a": ["x", None], "b": ["y", "z"], "none": pa.array([None, None], pa.string())})
    for columns in (["a"], ["a", "b"], ["none"], []):
        assert not placed(batch, columns).texts.data.flags.writeable


@pytest.mark.parametrize(
    "arguments",
    ['{"content": "one\\ntwo", "n": 3, "more": ["a \\"b\\""]}', {"content": "one\ntwo", "n": 3, "more": ['a "b"']}],
)
def test_arguments_of_tool_calls_are_read(arguments: Any) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "ask", "arguments": arguments}}
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    batch = pa.RecordBatch.from_pylist([{"turns": [{"role": "user", "content": "y"}]}, {"turns": turns}])
    assert text_columns(batch.schema) == ["turns"]
    plain, calling = gathered(batch, ["turns"])
    assert plain == [("y", "turns", 0)]
    assert calling[0] == ("x", "turns", 0)
    assert {turn for _, _, turn in calling[1:]} == {1}
    assert "\n".join(text for text, _, _ in calling[1:]) == 'one\ntwo\na "b"'
    only = pa.RecordBatch.from_pylist([{"turns": turns[1:]}])
    assert "\n".join(text for text, _, _ in gathered(only, text_columns(only.schema))[0]) == 'one\ntwo\na "b"'


def test_arguments_that_are_no_json_are_read_as_they_are() -> None:
    assert [said_in(text) for text in (b"no {json", b"\xff", b"17", b'"a"')] == ["no {json", "\ufffd", "17", "a"]


def test_texts_without_calls_are_not_copied() -> None:
    call = {"function": {"name": "ask", "arguments": "{}"}}
    turns = [{"content": "x", "tool_calls": [call]}]
    batch = pa.RecordBatch.from_pylist([{"turns": turns}, {"turns": [{"content": "y", "tool_calls": None}]}])
    column = batch.column("turns").slice(1)
    data = pc.list_flatten(column).flatten()[0].buffers()[2]
    assert placed(pa.record_batch({"turns": column}), ["turns"]).texts.data.ctypes.data == data.address


def test_roles_under_both_names() -> None:
    turns = [{"from": "human", "value": "x"}, {"role": "user"}, {"role": None}, "y"]
    assert [role_of(turns, turn) for turn in range(5)] == ["human", "user", "", "", ""]
    assert role_of("text", 0) == ""


def test_values_beneath_a_null_list_are_nobodys() -> None:
    texts = pa.array(["a", "b", "hidden", "hidden", "c", "d"])
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 4, 6], pa.int32()), texts, mask=pa.array([False, True, False]))
    fixed = pa.FixedSizeListArray.from_arrays(texts, 2, mask=pa.array([False, True, False]))
    for column in (lists, fixed):
        found = gathered(pa.record_batch({"x": column}), ["x"])
        assert found == [[("a", "x", 0), ("b", "x", 1)], [], [("c", "x", 0), ("d", "x", 1)]]
        assert gathered(pa.record_batch({"x": column.slice(1)}), ["x"]) == found[1:]


def test_a_slice_is_validated_alone_and_text_by_text() -> None:
    said = [b"plain", b"\xff", *[b"plain"] * 20, b"h\xc3", b"\xa9", "é".encode(), b"\xff"]
    turns = [[{"role": "user", "content": "-" * len(one)}] for one in said]
    whole = pa.RecordBatch.from_pylist([{"turns": one} for one in turns])
    content = whole.column("turns").values.field("content")
    texts = pa.Array.from_buffers(pa.string(), len(said), [None, content.buffers()[1], pa.py_buffer(b"".join(said))])
    inside = pa.StructArray.from_arrays([whole.column("turns").values.field("role"), texts], ["role", "content"])
    whole = pa.record_batch({"turns": pa.ListArray.from_arrays(whole.column("turns").offsets, inside)})
    for first, count, broken in ((0, 26, 4), (0, 1, 0), (2, 20, 0), (20, 4, 2), (22, 1, 1), (23, 2, 1), (24, 1, 0)):
        batch = whole.slice(first, count)
        assert work._broken(batch, placed(batch, ["turns"])) == broken
    large = pa.record_batch({"a": ["é" * 100] * 1_000})
    assert work._alone(large) is large
    assert work._alone(large.slice(500, 10)).get_total_buffer_size() < 3_000
    assert work._alone(large.slice(500, 10)).to_pylist() == [{"a": "é" * 100}] * 10
