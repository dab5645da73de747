"""The law of reading: every row of a source is born, failed with its place, or passed over, whatever it holds."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smoltalk.mixture import stretches, stretches_of_lines
from smoltalk.mixture.reading import opened
from smoltalk.text import neutralise
from tests.mixture.small_runs import turns
from tests.mixture.small_sources import failed, parquet, read, rows, source

_texts = st.one_of(st.none(), st.integers(), st.sampled_from(["q", "<|x|>", "[INST]", "é\0"]), st.text(max_size=5))
_turn = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.dictionaries(st.sampled_from(["role", "from", "content", "value", "tool_calls"]), _texts, max_size=3),
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.text(max_size=5)}),
)
_values = st.one_of(_texts, st.lists(_turn, max_size=3))
_records = st.one_of(
    st.fixed_dictionaries({"messages": st.lists(_turn, min_size=1, max_size=3), "k": st.sampled_from(["a", "b"])}),
    st.dictionaries(st.sampled_from(["messages", "id", "k", "other"]), _values, max_size=3),
)
_lines = st.one_of(_records.map(lambda one: json.dumps(one).encode()), st.binary(max_size=12), st.just(b""))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_lines, max_size=8), st.sampled_from([{}, {"k": "a"}]), st.sampled_from([40, 200, 8_000_000]))
def test_every_line_ends_in_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_lines: list[bytes], where: Any, stretch: int
) -> None:
    monkeypatch.setattr(stretches_of_lines, "STRETCH", stretch)
    data = b"\n".join([b"{}", *given_lines])  # a file that begins as UTF-16 does is refused whole
    file = tmp_path / "a.jsonl"
    file.write_bytes(data)
    head = json.dumps({"messages": turns("q", "a"), "k": "a"}).encode()
    first = tmp_path / "0.jsonl"  # so that the columns are known to be there
    first.write_bytes(head)
    pieces = read(opened("s", source(first, file, where=where), "sft", ["k", "other"]))
    present = [number for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    assert sum(piece.rows for piece in pieces) == len(present) + 1
    own = {f"a.jsonl:{number}" for number in present}
    assert {one.place for one in failed(pieces)} <= own
    for row in rows(pieces):
        assert row["messages"]
        for turn in row["messages"]:
            assert turn["role"] in ("system", "user", "assistant", "tool")
            assert turn["content"] == neutralise(turn["content"])


_types = st.sampled_from(
    [
        pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        pa.large_list(pa.struct([("content", pa.large_string()), ("role", pa.dictionary(pa.int32(), pa.string()))])),
        pa.list_(pa.struct([("from", pa.string()), ("value", pa.string()), ("extra", pa.int64())])),
        pa.struct([("role", pa.list_(pa.string())), ("content", pa.list_(pa.string()))]),
        pa.list_(pa.map_(pa.string(), pa.string())),
        pa.string(),
        pa.list_(pa.string()),
        pa.int64(),
    ]
)


def _of_type(kind: pa.DataType, said: list[Any]) -> list[Any]:
    """Turns (`role`, `content`) as values of a type, as far as it can hold them."""
    if kind == pa.string():
        return [None if one is None else json.dumps(one) for one in said]
    if pa.types.is_struct(kind):
        return [
            one if one is None else {name: [turn[name] for turn in one] for name in ("role", "content")} for one in said
        ]
    if not hasattr(kind, "value_type"):
        return [None if one is None else len(one) for one in said]
    if pa.types.is_map(kind.value_type):
        return [one and [list(turn.items()) for turn in one] for one in said]
    if kind.value_type == pa.string():
        return [one and [turn["content"] for turn in one] for one in said]
    if "from" in [field.name for field in kind.value_type]:
        return [one and [{"from": turn["role"], "value": turn["content"]} for turn in one] for one in said]
    return said


_said = st.one_of(
    st.none(),
    st.lists(
        st.fixed_dictionaries(
            {
                "role": st.sampled_from(["user", "gpt", "alien", None]),
                "content": st.one_of(st.none(), st.sampled_from(["<s>", ""]), st.characters(exclude_categories=["Cs"])),
            }
        ),
        max_size=3,
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_said, max_size=9), _types, st.integers(1, 4), st.sampled_from([1, 100, 8_000_000]))
def test_every_record_ends_in_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[Any], kind: pa.DataType, group: int, stretch: int
) -> None:
    monkeypatch.setattr(stretches, "STRETCH", stretch)
    column = pa.array(_of_type(kind, said), kind)
    file = parquet(tmp_path / "a.parquet", pa.table({"messages": column}), row_group_size=group)
    reader = opened("s", source(file), "sft")
    pieces = read(reader)
    good = [row["source_id"] for row in rows(pieces)]
    assert sorted([*good, *(one.place for one in failed(pieces))]) == [
        f"a.parquet:{n}" for n in range(1, len(said) + 1)
    ]
    if kind != pa.list_(pa.string()) and kind != pa.int64():
        sound = [
            bool(one) and all(turn["role"] in ("user", "gpt") and turn["content"] is not None for turn in one)
            for one in said
        ]
        assert good == [f"a.parquet:{n}" for n, well in enumerate(sound, 1) if well]
    some = {piece.number for piece in pieces[::2]}
    again = [read_again() for read_again in reader.pieces(some.__contains__)]
    assert [(p.number, p.batch, p.failed) for p in again] == [
        (p.number, p.batch, p.failed) for p in pieces if p.number not in some
    ]
