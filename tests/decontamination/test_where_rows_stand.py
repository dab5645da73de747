"""Evidence names the file and the line or row that it is of, whatever stands before it, and only what there is."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.decontamination import lines, parts, places
from tests.decontamination.conftest import FERRY, LAMPS, PLAIN, Call, chat, jsonl, rows


def sources(out: str = "out") -> list[str]:
    return [row["contamination"][0]["source"] for row in rows("contaminated", out)]


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts to a file and blocks to a part."""
    monkeypatch.setattr(parts, "PART", 3_000)
    monkeypatch.setattr(parts, "_BATCH", 700)
    monkeypatch.setattr(lines, "_BLOCK", 1_000)
    monkeypatch.setattr(places, "_STRETCH", 500)


def planted(count: int) -> tuple[list[str], list[int]]:
    """Texts with items in some, and the numbers of those from 1."""
    held = [number for number in range(1, count + 1) if number % 13 == 0]
    return [LAMPS if number in held else PLAIN for number in range(1, count + 1)], held


@pytest.mark.parametrize("bad", [False, True])
def test_lines_of_json_lines(call: Call, monkeypatch: pytest.MonkeyPatch, bad: bool) -> None:
    small(monkeypatch)
    texts, held = planted(150)
    given: list[Any] = [{"text": text} for text in texts]
    for number in (3, 40, 41, 100):
        given[number - 1] = "" if not bad else "{no row"
    jsonl(Path("data.jsonl"), given)
    assert call("data.jsonl").code == 0
    assert sources() == [f"data.jsonl:{number}" for number in held]
    assert len(list(Path("out/clean").iterdir())) > 3


@pytest.mark.parametrize("group", [10, 80, 1_000])
def test_rows_of_parquet(call: Call, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    small(monkeypatch)
    texts, held = planted(150)
    Path("set").mkdir()
    pq.write_table(pa.table({"text": [PLAIN]}), "set/a.parquet")
    pq.write_table(pa.table({"text": texts}), "set/b.parquet", row_group_size=group)
    assert call("set").code == 0
    assert sources() == [f"set/b.parquet:{number}" for number in held]


def test_rows_that_share_a_line_or_take_several(call: Call) -> None:
    Path("data.jsonl").write_text(
        json.dumps({"text": PLAIN}) + json.dumps({"text": FERRY}) + "\n\n"
        + json.dumps({"text": LAMPS}, indent=1) + "\n" + json.dumps({"text": FERRY})
    )  # fmt: skip
    assert call("data.jsonl").code == 0
    assert sources() == ["data.jsonl:1", "data.jsonl:3", "data.jsonl:6"]


def test_the_page_names_the_file(call: Call) -> None:
    jsonl(Path("one.jsonl"), [{"text": PLAIN}, {"text": LAMPS}])
    jsonl(Path("two.jsonl"), [{"text": PLAIN}, {"text": PLAIN}, {"id": "r7", "text": FERRY}])
    assert call("one.jsonl", "two.jsonl").code == 0
    page = Path("out/report.html").read_text()
    assert "<header><b>one.jsonl:2</b> · score" in page
    assert "<header>row <b>r7</b>, two.jsonl:3 · score" in page
    assert "part-0" not in page


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"{}", b"", b" ", b'{"a": "\xc3\xa9"}', b"{}\r"]), max_size=9))
def test_each_row_has_its_line(given: list[bytes]) -> None:
    expected = [number for number, line in enumerate(given) if line.strip()]
    assert places.lines_of(b"\n".join(given), len(expected)) == expected
    together = b" ".join(given)
    assert places.lines_of(together, len(expected)) == [0] * len(expected)


def test_what_is_no_turn_has_none(call: Call) -> None:
    given = [{"text": LAMPS}, {"texts": [PLAIN, LAMPS]}, {"messages": chat(LAMPS)}]
    jsonl(Path("data.jsonl"), given)
    assert call("data.jsonl").code == 0
    hits = [row["contamination"][0] for row in rows("contaminated")]
    assert [(hit["turn"], hit["role"]) for hit in hits] == [(None, None), (1, None), (0, "user")]
    page = Path("out/report.html").read_text()
    assert "<h3>text</h3>" in page and "<h3>texts, turn 1</h3>" in page and "<h3>messages, turn 0, user</h3>" in page
