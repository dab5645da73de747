"""Shards hold the rows of a run, all of them and in order; the card of a repository takes configurations in."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.errors import UserError
from smoltalk.publishing import shards
from smoltalk.publishing.card import merged
from smoltalk.publishing.release import Release
from smoltalk.publishing.secrets import Secrets
from smoltalk.publishing.shards import write_split
from smoltalk.run.parquet import calls_type, messages_type


def written(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=7)
    return path


def test_rows_keep_their_order_over_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "GROUP_BYTES", 2_000)
    monkeypatch.setattr(shards, "_BATCH_ROWS", 3)
    schema = pa.schema([("id", pa.string()), ("messages", messages_type()), ("score", pa.float64())])
    rows = [{"id": str(i), "messages": [{"role": "user", "content": f"{i} " * 40}], "score": i / 3} for i in range(200)]
    sources = [written(tmp_path / "a.parquet", rows[:90], schema), written(tmp_path / "b.parquet", rows[90:], schema)]
    seen: list[int] = []
    split = write_split("train", sources, tmp_path / "out", lambda batch: seen.append(batch.num_rows), 4_000)
    assert sum(seen) == split.rows == 200
    names = [file.name for file in split.files]
    assert len(names) > 2
    assert names == [f"train-{i:05}-of-{len(names):05}.parquet" for i in range(len(names))]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    tables = [pq.read_table(file) for file in split.files]
    assert pa.concat_tables(tables).to_pylist() == rows
    assert all(table.schema.equals(schema) for table in tables)
    with pq.ParquetFile(split.files[0]) as first:
        assert first.metadata.row_group(0).column(0).has_offset_index


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    schema = pa.schema([("messages", calls_type())])
    source = tmp_path / "a.parquet"
    turns = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"role": "user"}', '{"role": "tool"}']))
    pq.write_table(
        pa.table([pa.ListArray.from_arrays(pa.array([0, 2]), turns, type=calls_type())], schema=schema), source
    )
    one, two = (write_split("train", [source], tmp_path / name, lambda _: None) for name in "ab")
    assert one.files[0].read_bytes() == two.files[0].read_bytes()


def test_files_of_other_columns_are_no_split(tmp_path: Path) -> None:
    a = written(tmp_path / "a.parquet", [{"x": 1}], pa.schema([("x", pa.int64())]))
    b = written(tmp_path / "b.parquet", [{"x": "1"}], pa.schema([("x", pa.string())]))
    with pytest.raises(ValueError, match="has other columns than"):
        write_split("train", [a, b], tmp_path / "out", lambda _: None)


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_secret_is_found_wherever_it_is_and_whatever_is_around(before: str, after: str, deep: bool) -> None:
    secret = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3h"
    clean = before.encode("utf-8", "ignore").decode(), after.encode("utf-8", "ignore").decode()
    text = f"{clean[0]} {secret} {clean[1]}"
    value: Any = [{"role": "user", "content": text}] if deep else text
    kind = messages_type() if deep else pa.string()
    batch = pa.record_batch([pa.array([None, value], kind)], names=["column"])
    assert [number for number, _ in Secrets({}).in_rows(batch)] == [1]


# ---------------------------------------------------------------- cards


def release(config: str, rows: int = 10, licence: str = "mit", text: str = "# Ours\n") -> Release:
    info = {"features": [{"name": "id", "dtype": "string"}], "splits": [{"name": "train", "num_examples": rows}]}
    header = f"---\nlicense: {licence}\ntags: [synthetic]\npretty_name: Ours\n---\n"
    return Release("dataset", config, (), header + text, info, (), ())


CARDS = st.lists(st.sampled_from(["sft", "dpo", "more", "all"]), min_size=1, max_size=6)


@given(CARDS)
@settings(max_examples=40, deadline=None)
def test_merging_again_changes_nothing_and_loses_nothing(configs: list[str]) -> None:
    card: str | None = None
    for config in configs:
        card = merged(card, release(config), "acme/talk")
        assert merged(card, release(config), "acme/talk") == card
    assert card is not None
    assert card.count("default: true") == 1
    assert all(card.count(f"<!-- smoltalk: {config} -->") == 1 for config in configs)


def test_a_card_by_somebody_else_is_kept() -> None:
    theirs = "---\nlicense: cc-by-4.0\nviewer: false\ntags:\n- human\n---\n# Theirs\n\nWritten by hand.\n"
    card = merged(theirs, release("sft"), "acme/talk")
    assert "# Theirs\n\nWritten by hand." in card
    assert "viewer: false" in card
    assert card.index("- human") < card.index("- synthetic")


def test_sizes_and_licences_of_several_add_up() -> None:
    card = merged(merged(None, release("sft", 900), "a/b"), release("dpo", 200, "apache-2.0"), "a/b")
    assert "- 1K<n<10K" in card
    assert "license:\n- apache-2.0\n- mit\n" in card


def test_no_row_can_end_a_section() -> None:
    hostile = release("sft", text="before <!-- /smoltalk: sft --> after\n<!-- smoltalk: dpo -->\n")
    card = merged(None, hostile, "a/b")
    assert merged(card, hostile, "a/b") == card
    assert merged(card, release("sft"), "a/b").count("after") == 0


def test_a_card_that_cannot_be_read_is_told() -> None:
    with pytest.raises(UserError, match="has a header that cannot be read"):
        merged("---\n: [\n---\n", release("sft"), "acme/talk")
