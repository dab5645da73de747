"""Files that cannot be looked through as asked are told before anything starts; none is passed by in silence."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.decontamination import heads
from tests.decontamination.conftest import FERRY, LAMPS, PLAIN, Call, jsonl, rows


def test_a_column_that_any_file_lacks_is_told_of_all_files(call: Call) -> None:
    jsonl(Path("a.jsonl"), [{"answer": PLAIN}])
    jsonl(Path("b.jsonl"), [{"anwser": FERRY}])
    pq.write_table(pa.table({"answer": [3]}), "c.parquet")
    said = call("a.jsonl", "b.jsonl", "c.parquet", "--of", "answer")
    assert said.code == 2
    assert "b.jsonl  has no column `answer`\n    did you mean `anwser`?" in said.err
    assert "c.parquet  column `answer` holds no texts: it is int64" in said.err
    assert "a.jsonl" not in said.err
    assert not Path("out").exists()


def test_a_file_without_any_text_is_told(call: Call) -> None:
    jsonl(Path("a.jsonl"), [{"answer": PLAIN}])
    jsonl(Path("stats.jsonl"), [{"n": 1}])
    said = call("a.jsonl", "stats.jsonl")
    assert (said.code, "stats.jsonl  holds no column of texts; there is: n" in said.err) == (2, True)


def test_a_row_longer_than_the_head_is_seen(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_HEADS", (10, 20))
    jsonl(Path("data.jsonl"), [{"question": PLAIN}])
    assert "has no column `answer`" in call("data.jsonl", "--of", "answer").err


def test_a_column_may_come_late_or_be_empty(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_HEADS", (100, 100_000))
    late: list[Any] = [{"id": n, "question": PLAIN} for n in range(20)]
    jsonl(Path("a.jsonl"), [*late, {"id": 20, "question": PLAIN, "answer": LAMPS}])
    jsonl(Path("b.jsonl"), [{"id": 21, "question": LAMPS, "answer": None}])
    jsonl(Path("c.jsonl"), [])
    said = call("a.jsonl", "b.jsonl", "c.jsonl", "--of", "answer")
    assert said.code == 0, said.err
    assert [row["id"] for row in rows("contaminated")] == [20]
    assert "21  without any text, so clean" in said.out


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("d.jsonl.gz", "unpack it first: gunzip -k d.jsonl.gz"),
        ("d.json", "jq -c '.[]' d.json > d.jsonl"),
        ("d.csv", """d.Dataset.from_csv("d.csv").to_parquet("d.parquet")"""),
        ("d.tsv", r"""d.Dataset.from_csv("d.tsv", sep="\t").to_parquet("d.parquet")"""),
        ("d.txt", 'make it JSON Lines, {"text": "..."} on a line'),
        ("d.bin", "files end in .jsonl, .ndjson or .parquet"),
    ],
)
def test_other_forms_are_told_what_turns_them(call: Call, name: str, hint: str) -> None:
    Path(name).write_bytes(b"\x00\x01\x02")
    said = call(name)
    assert (said.code, hint in said.err) == (2, True), said.err
    Path("set").mkdir()
    Path(name).rename(f"set/{name}")
    said = call("set")
    assert said.code == 2
    assert "set  holds no JSON Lines and no Parquet" in said.err


def test_a_file_that_is_not_there_is_not_looked_for_on_the_hub(call: Call) -> None:
    said = call("nowhere.json")
    assert (said.code, "there is no such file" in said.err) == (2, True)


def test_files_that_are_passed_over_are_told(call: Call) -> None:
    Path("set").mkdir()
    jsonl(Path("set/a.jsonl"), [{"text": PLAIN}])
    Path("set/b.jsonl.gz").write_bytes(b"packed")
    Path("set/README.md").write_text("a card")
    said = call("set")
    assert said.code == 0
    assert "passed over, for only .jsonl, .ndjson and .parquet are read: b.jsonl.gz\n" in said.err


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([{"a": "x"}, {"a": 1}], "`a` is a number; in as many rows, and first, it is text"),
        ([{"a": "x"}, {"a": 1}, {"a": "y"}], "`a` is a number; in more rows it is text"),
        ([{"a": "x"}, {"a": "y", "b": [1, "z"]}], "has text where a number is in the same list"),
        ([{"a": ["x"]}, {"a": [1]}], "has a number where text is in the rows before it"),
        (["{no", {"a": "x"}], "is not JSON: expecting property name enclosed in double quotes at its character 2"),
    ],
)
def test_lines_that_are_no_rows_are_told_why(call: Call, given: list[Any], reason: str) -> None:
    jsonl(Path("data.jsonl"), given)
    said = call("data.jsonl")
    assert said.code == 0, said.err
    assert "\nunreadable\n  data.jsonl:" in said.out and reason in said.out
    assert any(reason in one for one in json.loads(Path("out/summary.json").read_text())["told"])


def test_a_small_dataset_has_small_units_and_no_speed(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl")
    assert f"1 row, {len(PLAIN)} bytes of text looked through in 0." in said.out
    assert "B/s" not in said.out


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_data_without_a_row_is_no_clean_dataset(call: Call, text: str) -> None:
    Path("data.jsonl").write_text(text)
    said = call("data.jsonl")
    assert (said.code, said.err) == (2, "data.jsonl  holds no rows\n")
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert call("data.jsonl").code == 0


def test_a_file_is_no_folder(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", out="data.jsonl")
    assert (said.code, "--out  data.jsonl is a file" in said.err) == (2, True)
    assert [row["text"] for row in map(json.loads, Path("data.jsonl").read_text().splitlines())] == [PLAIN]
