"""JSONL: good lines become rows, bad ones fail with their place, and memory stays flat."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smoltalk.errors import RowFailed
from smoltalk.pipeline import load
from smoltalk.steps.jsonl import Jsonl

GOOD = b'{"instruction": "a", "n": 1}'


def write(folder: Path, *lines: bytes, end: bytes = b"\n", name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(lines) + end)
    return path


def read(path: Path, start: int = 0, **fields: Any) -> list[Any]:
    return [str(r) if isinstance(r, RowFailed) else r for r in Jsonl(path=str(path), **fields).rows(start)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "is an empty line"),
        (b"{oops", "is not JSON"),
        (b"[1]", "is a list, not a record"),
        (b'{"instruction": 3}', "`instruction` is a number, elsewhere it is text"),
        (b'{"instruction": "\\ud800"}', "is not JSON"),
        (b'{"instruction": "\xff"}', "is not JSON"),
        (b'{"instruction": "' + b"x" * 300 + b'"}', "is too long a line"),
        (b"{}", "has none of the columns"),
        (b'{"instruction": "a", "messages": "hi"}', "`messages` is text, elsewhere it is a list"),
        (b"[" * 5000, "is not JSON"),
    ],
)
def test_a_bad_line_fails_in_its_place_and_the_rest_goes_on(tmp_path: Path, line: bytes, said: str) -> None:
    columns = b'{"instruction": "a", "messages": [{"role": "user", "content": "x"}]}'
    limit = {"max_line": 6000 if line.startswith(b"[[") else 200}
    rows = read(write(tmp_path, columns, line, columns), **limit)
    assert [type(r) for r in rows] == [dict, str, dict]
    assert rows[1].startswith("unreadable: data.jsonl:2 ") and said in rows[1]


def test_a_file_cut_short_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, GOOD[:15], end=b"")
    assert "was it cut short?" in read(path)[1]
    assert Jsonl(path=str(path)).size() == 2


def test_columns_are_those_of_the_head_and_lacking_ones_are_null(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + GOOD, b'{"instruction": "b", "topic": "t"}')
    assert Jsonl(path=str(path)).writes() == {"instruction", "n", "topic"}
    assert read(path) == [
        {"instruction": "a", "n": 1, "topic": None},
        {"instruction": "b", "n": None, "topic": "t"},
    ]


def test_named_columns_are_promised(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, b'{"n": 2}')
    assert read(path, columns={"prompt": "instruction"}) == [
        {"prompt": "a"},
        "unreadable: data.jsonl:2 has no `instruction`",
    ]


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, b'{"n": 3}', b"x", name="b.jsonl")
    write(tmp_path, b'{"n": 1}', b'{"n": 2}', name="a.jsonl")
    write(tmp_path, b"not data", name="README.md")
    rows = read(tmp_path)
    assert [r["n"] for r in rows[:3]] == [1, 2, 3]
    assert rows[3].startswith("unreadable: b.jsonl:2 ")
    assert Jsonl(path=str(tmp_path)).size() == 4


lines = st.lists(st.one_of(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), st.just(GOOD)), max_size=12)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines, st.sampled_from([b"", b"\n"]), st.integers(0, 14), st.none() | st.integers(1, 14))
def test_any_bytes_are_rows_or_failures_and_start_skips(
    tmp_path: Path, lines: list[bytes], end: bytes, start: int, limit: int | None
) -> None:
    source = Jsonl(path=str(write(tmp_path, *lines, end=end)), limit=limit, max_line=30)
    rows = [str(r) if isinstance(r, RowFailed) else r for r in source.rows()]
    assert len(rows) == source.size()
    assert all(isinstance(r, dict) or r.startswith("unreadable: data.jsonl:") for r in rows)
    assert [str(r) if isinstance(r, RowFailed) else r for r in source.rows(start)] == rows[start:]
    json.dumps(rows).encode("utf-8")


def test_the_fingerprint_follows_the_content_not_the_place(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here, there = write(tmp_path, GOOD), write(tmp_path / "elsewhere", GOOD)
    before = Jsonl(path=str(here)).fingerprint()
    assert Jsonl(path=str(there)).fingerprint() == before
    assert Jsonl(path=str(here), limit=1).fingerprint() != before
    write(tmp_path, GOOD.replace(b"1", b"2"))
    assert Jsonl(path=str(here)).fingerprint() != before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"path": "dato.jsonl"}, ["no file ", "did you mean", "data.jsonl"]),
        ({"path": "empty"}, ["folder ", "holds no *.jsonl file"]),
        ({"path": "prose.jsonl"}, ["hold no JSON object"]),
        ({"columns": ["instrution"]}, ["has no column `instrution`", "did you mean `instruction`?"]),
    ],
)
def test_mistakes_are_said(tmp_path: Path, fields: dict[str, Any], said: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, GOOD)
    write(tmp_path, b"Once upon a time", name="prose.jsonl")
    path = tmp_path / fields.pop("path", "data.jsonl")
    (sentence,) = Jsonl(path=str(path), **fields).check()
    assert all(part in sentence for part in said)


def test_our_own_columns_cannot_be_read_over() -> None:
    with pytest.raises(ValueError, match=r"`id` is the factory's own column; read theirs as `\{source_id: id\}`"):
        Jsonl(path="x", columns=["id"])


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    with path.open("wb") as file:
        file.writelines(b'{"instruction": "%s"}\n' % (b"x" * 1000) for _ in range(5000))
        file.write(b"y" * 3_000_000)
    source = Jsonl(path=str(path), max_line=10_000)
    source.writes()
    tracemalloc.start()
    failed = sum(isinstance(r, RowFailed) for r in source.rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (source.size(), failed) == (5001, 1)
    assert peak < 1_000_000


def test_a_file_may_say_where_its_rows_are_from(tmp_path: Path) -> None:
    path = write(tmp_path, b'{"instruction": "a", "response": "b", "source": "a book"}')
    pipeline = tmp_path / "own.yaml"
    pipeline.write_text(f"name: own\nsteps:\n  - jsonl: {{path: {path}}}\n")
    assert load(pipeline).born_with == {"id", "source", "instruction", "response"}
