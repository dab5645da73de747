"""Texts of Arrow columns: the same as Python would gather, however the column is laid out."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.decontamination.columns import placed, role_of, text_columns

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


def test_roles_under_both_names() -> None:
    turns = [{"from": "human", "value": "x"}, {"role": "user"}, {"role": None}, "y"]
    assert [role_of(turns, turn) for turn in range(5)] == ["human", "user", "", "", ""]
    assert role_of("text", 0) == ""
