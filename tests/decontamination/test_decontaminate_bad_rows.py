"""Rows that are none, broken texts and hostile ones: counted, kept, shown, and harmless."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.decontamination.conftest import FERRY, LAMPS, PLAIN, Call, chat, jsonl, rows, summary


def test_bad_rows_are_counted_and_kept(call: Call) -> None:
    given = [
        json.dumps({"id": "a", "messages": chat(PLAIN)}),
        "{not json",
        json.dumps({"id": "b", "messages": 7}),
        json.dumps([1, 2]),
        json.dumps({"id": "c", "messages": chat(f"\ud800 {LAMPS}")}),
        json.dumps({"id": "d", "messages": []}),
        json.dumps({"id": "e", "messages": chat("word " * 300_000 + FERRY)}),
        "",
    ]
    jsonl(Path("data.jsonl"), given)
    said = call("data.jsonl")
    told = summary()
    assert said.code == 0
    assert told["rows"] == told["clean"] + told["contaminated"] + told["unreadable"] == 7
    assert (told["unreadable"], told["broken_text"], told["without_text"], told["long"]) == (3, 1, 1, 1)
    assert [row["id"] for row in rows("contaminated")] == ["c", "e"]
    assert Path("out/unreadable/part-00000.jsonl").read_text().splitlines() == [given[1], given[3], given[2]]
    assert "lines that are no rows" in said.out


def test_broken_utf8_in_parquet_is_read_around(call: Call) -> None:
    texts = pa.array([PLAIN.encode(), b"\xed\xa0\x80 " + LAMPS.encode()]).view(pa.string())
    pq.write_table(pa.table({"id": [1, 2], "text": texts}), "data.parquet")
    assert call("data.parquet").code == 0
    assert (summary()["broken_text"], summary()["contaminated"]) == (1, 1)


def test_the_page_shows_spans_and_runs_nothing(call: Call) -> None:
    hostile = "<script>alert(1)</script>{{ 7 * 7 }}"
    jsonl(Path("data.jsonl"), [{"id": hostile, "text": f"{hostile} {LAMPS.replace('14', '15')} {hostile}"}])
    assert call("data.jsonl").code == 0
    page = Path("out/report.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page and "{{ 7 * 7 }}" in page
    assert "<del>15 </del>" in page and "<del>14 </del>" in page
    assert not [word for word in ("http:", "https:", "src=", "<link", "@import", "url(") if word in page]


def test_an_id_that_is_no_utf8_is_shown_with_replacement(call: Call) -> None:
    offsets, data = pa.array([b"i\xff"]).buffers()[1:]
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, data])
    pq.write_table(pa.table({"id": broken, "text": [LAMPS]}), "data.parquet")
    said = call("data.parquet")
    assert said.code == 0, said.err
    assert "row <b>i\ufffd</b>" in Path("out/report.html").read_text("utf-8")


def test_half_characters_in_private_items_do_no_harm(call: Call) -> None:
    Path("half.jsonl").write_text('{"id": "l\\ud800", "question": "\\udc00 ' + LAMPS + '"}\n')
    jsonl(Path("data.jsonl"), [{"id": "a", "text": LAMPS}])
    said = call("data.jsonl", against="half.jsonl")
    assert said.code == 0, said.err
    assert rows("contaminated")[0]["contamination"][0]["item"] == "l\ufffd"
