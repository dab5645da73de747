"""A source is cut into stretches: rows keep their places, and what is no row fails with its own."""

import json
from pathlib import Path

import pytest

from smoltalk.mixture import stretches, stretches_of_lines
from smoltalk.mixture.reading import opened
from smoltalk.records import MAX_TEXT
from tests.mixture.small_runs import turns
from tests.mixture.small_sources import failed, lines, parquet, read, rows, source


def test_lines_that_are_no_rows_fail_with_their_place(tmp_path: Path) -> None:
    good = {"messages": turns("q", "a")}
    file = lines(
        tmp_path / "a.jsonl", b"\xef\xbb\xbf" + json.dumps(good).encode(), b"", b'{"messages": [', b"[1]", b"  ",
        {"messages": "text"}, {"messages": turns("q")[:0]}, {}, {"messages": [{"role": "alien", "content": "x"}]},
        {"messages": [{"role": "user", "content": None}]}, {"messages": [3]}, {"messages": {"a": 1}},
        {"messages": turns("x" * (MAX_TEXT + 1))}, good, b'{"messages": 1', good,
    )  # fmt: skip
    pieces = read(opened("s", source(file), "sft"))
    assert [row["source_id"] for row in rows(pieces)] == ["a.jsonl:1", "a.jsonl:14", "a.jsonl:16"]
    assert [(one.place, one.reason) for one in failed(pieces)] == [
        (f"a.jsonl:{number}", reason)
        for number, reason in [
            (3, "not_json"), (4, "not_json"), (6, "not_json"), (7, "no_turns"), (8, "no_turns"), (9, "unknown_role"),
            (10, "no_content"), (11, "wrong_type"), (12, "wrong_type"), (13, "too_long"), (15, "not_json"),
        ]
    ]  # fmt: skip
    assert failed(pieces)[0].detail == "the line is not JSON: expecting value at its character 15"
    assert failed(pieces)[5].detail == (
        "`messages` turn 1 is spoken by 'alien', not by system, user, assistant or tool"
    )
    assert len({one.id for one in failed(pieces)} | {row["id"] for row in rows(pieces)}) == 14


def test_half_characters_and_broken_bytes_are_mended(tmp_path: Path) -> None:
    half = b'{"messages": [{"role": "user", "content": "a \\ud800 b"}, {"role": "assistant", "content": "\xff"}]}'
    pieces = read(opened("s", source(lines(tmp_path / "a.jsonl", half, {"messages": turns("q", "a")})), "sft"))
    assert [row["messages"] for row in rows(pieces)] == [turns("a \ufffd b", "\ufffd"), turns("q", "a")]
    assert [piece.mended for piece in pieces] == [1]


def test_a_line_too_long_to_hold_is_one_row_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches_of_lines, "STRETCH", 100)
    monkeypatch.setattr(stretches_of_lines, "_LONGEST", 2_000)
    good = {"messages": turns("q", "a")}
    file = lines(tmp_path / "a.jsonl", good, {"messages": turns("x" * 9_000)}, {"messages": turns("y" * 1_000)}, good)
    pieces = read(opened("s", source(file), "sft"))
    assert [row["source_id"] for row in rows(pieces)] == ["a.jsonl:1", "a.jsonl:3", "a.jsonl:4"]
    assert [(one.place, one.reason) for one in failed(pieces)] == [("a.jsonl:2", "too_long")]


def test_large_row_groups_are_cut_and_keep_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH", 1_200)
    given = [{"messages": turns(f"q{n}", "a")} for n in range(1, 26)]
    file = parquet(tmp_path / "a.parquet", given, row_group_size=10)
    pieces = read(opened("s", source(file), "sft"))
    assert [piece.rows for piece in pieces] == [3, 3, 3, 1, 3, 3, 3, 1, 5]
    found = [(row["source_id"], row["messages"][0]["content"]) for row in rows(pieces)]
    assert found == [(f"a.parquet:{n}", f"q{n}") for n in range(1, 26)]
