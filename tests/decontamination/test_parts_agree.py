"""Files that differ: rows of another call, columns of our names, numbers that another file's type does not hold."""

import json
import re
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.decontamination import Hit, session
from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.parts import Part
from smoltalk.decontamination.tally import Tally
from smoltalk.decontamination.work import Stopped, _Looking, work
from smoltalk.words import Texts, texts_of
from tests.decontamination.conftest import FERRY, LAMPS, PLAIN, Call, jsonl, rows


def test_rows_of_a_call_that_failed_do_not_stay(call: Call) -> None:
    for name, count in (("two", 5), ("three", 7)):
        jsonl(Path(f"{name}.jsonl"), [{"text": f"{PLAIN} {name}"}] * count)
    Path("out/clean").mkdir(parents=True)
    Path("out/.parts").mkdir()
    Path("out/.parts/job.json").write_text(json.dumps({"data": "of another call, of which no part was finished"}))
    pq.write_table(pa.table({"text": [PLAIN] * 7}), "out/clean/part-00002.parquet")
    Path("out/clean/notes.txt").write_text("mine")
    assert call("two.jsonl", "three.jsonl").code == 0
    assert len(rows("clean")) == json.loads(Path("out/summary.json").read_text())["rows"] == 12
    assert Path("out/clean/notes.txt").read_text() == "mine"


def test_a_damaged_file_leaves_no_rows_of_the_others(call: Call) -> None:
    pq.write_table(pa.table({"text": [f"{PLAIN} {n}" for n in range(20_000)]}), "bad.parquet")
    data = bytearray(Path("bad.parquet").read_bytes())
    data[4 : len(data) // 2] = bytes(byte ^ 0xA5 for byte in data[4 : len(data) // 2])
    Path("bad.parquet").write_bytes(bytes(data))
    jsonl(Path("good.jsonl"), [{"text": PLAIN}] * 3)
    assert call("good.jsonl", "bad.parquet").code == 2
    assert rows("clean") == []


@pytest.mark.parametrize("names", [("one.jsonl", "two.jsonl"), ("two.jsonl", "one.jsonl")])
def test_evidence_has_one_name_in_all_parts(call: Call, names: tuple[str, str]) -> None:
    jsonl(Path("one.jsonl"), [{"id": "a", "text": LAMPS}])
    jsonl(Path("two.jsonl"), [{"id": "b", "text": FERRY, "contamination": "none"}])
    for _ in range(2):
        assert call(*names).code == 0
    found = {row["id"]: row for row in rows("contaminated")}
    assert [found[name]["contamination_"][0]["item"] for name in "ab"] == ["lamps", "ferry"]
    assert [found[name]["contamination"] for name in "ab"] == [None, "none"]
    assert call("out/contaminated", out="again").code == 0
    assert {row["contamination__"][0]["item"] for row in rows("contaminated", "again")} == {"lamps", "ferry"}


def test_an_integer_that_is_no_double_stays_what_it_is(call: Call) -> None:
    big = 9_007_199_254_740_993
    jsonl(Path("one.jsonl"), [{"text": PLAIN, "n": big, "m": {"k": big}, "f": 1}])
    jsonl(Path("two.jsonl"), [{"text": PLAIN, "n": 0.5, "m": {"k": 0.5, "l": "x"}, "f": 0.5}])
    assert call("one.jsonl", "two.jsonl").code == 0
    assert [row["n"] for row in rows("clean")] == [str(big), "0.5"]
    assert [json.loads(row["m"])["k"] for row in rows("clean")] == [big, 0.5]
    assert [row["f"] for row in rows("clean")] == [1.0, 0.5]


def test_numbers_of_one_file_stay_what_they_are(call: Call) -> None:
    big, huge = 9_007_199_254_740_993, 10**21 + 1
    given = [
        {"text": PLAIN, "n": big, "m": {"k": [big]}, "h": huge, "id": big},
        {"text": PLAIN, "n": 1.5, "m": {"k": [1.5]}, "h": 3, "id": big + 1},
    ]
    jsonl(Path("data.jsonl"), given)
    assert call("data.jsonl").code == 0
    one, two = rows("clean")
    assert (one["n"], two["n"], one["h"], two["h"]) == (str(big), "1.5", str(huge), "3")
    assert (json.loads(one["m"]), json.loads(two["m"])) == ({"k": [big]}, {"k": [1.5]})
    assert (one["id"], two["id"]) == (big, big + 1)


def test_a_column_that_is_text_in_some_lines_alone_loses_no_row(call: Call) -> None:
    given = [
        {"text": PLAIN, "n": 2**63, "m": 1},
        {"text": PLAIN, "n": -1, "m": 1.5},
        {"text": PLAIN, "n": 3, "m": 2**53 + 1},
        {"text": PLAIN, "n": 4, "m": 2.5},
        {"text": PLAIN, "n": 5, "m": 3, "l": [2**64]},
    ]
    jsonl(Path("data.jsonl"), [*given, "{no row"])
    said = call("data.jsonl")
    assert said.code == 0, said.err
    assert [json.loads(row["n"]) for row in rows("clean")] == [row["n"] for row in given]
    assert [json.loads(row["m"]) for row in rows("clean")] == [row["m"] for row in given]
    assert json.loads(rows("clean")[4]["l"]) == [2**64]
    assert Path("out/unreadable/part-00000.jsonl").read_text() == "{no row\n"


def test_mappings_without_a_field_are_null(call: Call) -> None:
    turns = [{"role": "user", "content": PLAIN, "meta": {}}]
    given = [{"text": PLAIN, "m": {}, "l": [{}], "turns": turns, "o": {"a": None, "e": {}}}, {"text": LAMPS, "m": None}]
    jsonl(Path("data.jsonl"), given)
    jsonl(Path("more.jsonl"), [{"text": PLAIN, "m": {"x": 1}}, "{no row"])
    assert call("data.jsonl", "more.jsonl").code == 0
    one, two = rows("clean")
    assert (one["m"], one["l"], one["turns"], two["m"]) == (None, [None], [{**turns[0], "meta": None}], {"x": 1})
    assert len(rows("contaminated")) == 1


@pytest.mark.parametrize("mapping", [False, True])
@pytest.mark.parametrize("levels", [41, 300, 700, 4_000, 100_000])
def test_a_line_that_is_nested_too_deeply_is_put_aside(call: Call, levels: int, mapping: bool) -> None:
    begin, end = ('{"a": ', "}") if mapping else ("[", "]")
    line = f'{{"text": "x", "deep": {begin * levels}1{end * levels}}}'
    given = [{"text": PLAIN, "deep": None}, line, {"text": LAMPS}]
    jsonl(Path("data.jsonl"), given)
    said = call("data.jsonl")
    assert said.code == 0, said.err
    assert Path("out/unreadable/part-00000.jsonl").read_text() == f"{line}\n"
    assert ": is nested too deeply" in said.out
    assert (len(rows("clean")), len(rows("contaminated"))) == (1, 1)


def test_texts_like_dates_stay_texts_however_deep(call: Call) -> None:
    given = [
        {"text": PLAIN, "meta": {"when": "2024-01-01", "all": [{"at": "2024-01-02 10:00:00"}]}},
        {"text": PLAIN, "meta": {"when": "2024-01-03", "all": []}},
    ]
    jsonl(Path("data.jsonl"), given)
    assert call("data.jsonl").code == 0
    assert rows("clean") == given


def test_a_folder_of_data_may_hold_what_is_written(call: Call) -> None:
    Path("set").mkdir()
    jsonl(Path("set/data.jsonl"), [{"text": PLAIN}])
    for _ in range(2):
        assert call("set", out="set/out").code == 0
    assert len(rows("clean", "set/out")) == 1


def test_what_is_told_is_in_the_order_of_the_data(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smoltalk.decontamination.parts.PART", 3_000)
    late = threading.Event()

    def first_comes_last(part: Part, *rest: Any) -> Tally:
        if part.number == 0:
            late.wait(30)
        tally = work(part, *rest)
        if part.number == 1:
            late.set()
        return tally

    monkeypatch.setattr(session, "work", first_comes_last)
    jsonl(Path("data.jsonl"), [f"{{bad {n}" if n % 10 == 0 else {"text": PLAIN} for n in range(200)])
    assert call("data.jsonl").code == 0
    places = [int(re.findall(r":(\d+): ", one)[0]) for one in json.loads(Path("out/summary.json").read_text())["told"]]
    assert places == [1, 11, 21, 31, 41]


def test_a_call_stops_between_rows() -> None:
    stopped = threading.Event()
    asked: list[int] = []

    def find(texts: Texts, desk: object) -> list[Hit]:
        asked.append(len(texts.rows) - 1)
        return [Hit(0, 0, 0, 1.0, "exact", 0, 1)]

    def find_and_stop(texts: Texts, desk: object) -> list[Hit]:
        stopped.set()
        return find(texts, desk)

    texts = texts_of([["x" * 300_000]] * 3 + [["y"]])
    assert [hit.row for hit in _Looking(SimpleNamespace(find=find), None, stopped).find(texts)] == [0, 1, 2]
    assert asked == [1, 1, 2]
    with pytest.raises(Stopped):
        _Looking(SimpleNamespace(find=find_and_stop), None, stopped).find(texts)
    assert asked[3:] == [1]


def test_a_dataset_of_the_hub_is_read_at_one_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def dataset_info(dataset: str, revision: str | None = None) -> SimpleNamespace:
        asked.append(revision)
        return SimpleNamespace(sha="a" * 40)

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [])
    monkeypatch.setattr("huggingface_hub.dataset_info", dataset_info)
    first = OnHub("a/b", revision="main").pinned(None)
    assert (first.commit, asked) == ("a" * 40, ["main"])
    before = json.loads(json.dumps([*first.identity()[:-1], "b" * 40]))
    assert OnHub("a/b", revision="main").pinned(before).commit == "b" * 40
    assert OnHub("a/b").pinned(before).commit == "a" * 40
    assert asked == ["main", None]
