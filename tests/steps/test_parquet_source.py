"""Parquet: rows from whole files and from damaged ones."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.errors import RowFailed
from smoltalk.steps.parquet import Parquet


def write(path: Path, first: int, n: int) -> Path:
    rows = {"n": list(range(first, first + n)), "text": [f"row {i}" for i in range(first, first + n)]}
    pq.write_table(pa.table(rows), path, row_group_size=4, compression="none", use_dictionary=False)
    return path


def read(source: Parquet, start: int = 0) -> list[Any]:
    return [str(r) if isinstance(r, RowFailed) else r["n"] for r in source.rows(start)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "a.parquet", 0, 10)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 cut short")
    write(tmp_path / "c.parquet", 11, 3)
    return tmp_path


def test_files_are_read_in_order_and_a_damaged_one_is_one_failed_row(folder: Path) -> None:
    source = Parquet(path=str(folder))
    rows = read(source)
    assert source.writes() == {"n", "text"}
    assert [r for r in rows if isinstance(r, int)] == [*range(10), 11, 12, 13]
    assert rows[10].startswith("unreadable: b.parquet is no whole Parquet file")
    assert source.size() == len(rows) == 14
    assert list(source.check()) == []


@pytest.mark.parametrize("limit", [None, 1, 7, 11, 13, 99])
def test_start_and_limit_skip(folder: Path, limit: int | None) -> None:
    source, rows = Parquet(path=str(folder), limit=limit), read(Parquet(path=str(folder)))[:limit]
    assert source.size() == len(rows)
    assert [read(source, start) for start in range(16)] == [rows[start:] for start in range(16)]


def damage(path: Path, group: int, keep: float = 0) -> None:
    """Overwrite the first column of a row group from that share of it on."""
    column = pq.ParquetFile(path).metadata.row_group(group).column(0)
    data = bytearray(path.read_bytes())
    start = column.data_page_offset + int(keep * column.total_compressed_size)
    end = column.data_page_offset + column.total_compressed_size
    data[start:end] = b"\xff" * (end - start)
    path.write_bytes(bytes(data))


def test_a_damaged_row_group_fails_its_rows_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", 0, 10)
    damage(path, group=1)
    rows = read(Parquet(path=str(path)))
    assert [r for r in rows if isinstance(r, int)] == [0, 1, 2, 3, 8, 9]
    assert [r.partition(" is ")[0] for r in rows[4:8]] == [f"unreadable: a.parquet:{n}" for n in (5, 6, 7, 8)]
    assert read(Parquet(path=str(path)), start=6) == rows[6:]


def test_rows_before_the_damage_are_kept(tmp_path: Path) -> None:
    path, table = tmp_path / "a.parquet", pa.table({"n": list(range(600))})
    pq.write_table(table, path, compression="none", use_dictionary=False, data_page_size=64, write_batch_size=50)
    damage(path, group=0, keep=0.7)
    rows = read(Parquet(path=str(path)))
    good = [r for r in rows if isinstance(r, int)]
    assert good == list(range(len(good))) and 250 < len(good) < 450
    assert len(rows) == 600
    assert rows[len(good)].startswith(f"unreadable: a.parquet:{len(good) + 1} is damaged")
    assert rows[-1].startswith("unreadable: a.parquet:600 ")


def test_columns_can_be_renamed_and_must_be_there(folder: Path) -> None:
    source = Parquet(path=str(folder), columns={"n": "n", "instruction": "text"})
    assert next(iter(source.rows(3))) == {"n": 3, "instruction": "row 3"}
    (sentence,) = Parquet(path=str(folder), columns=["txt"]).check()
    assert "no column `txt`; did you mean `text`?" in sentence


def test_conversations_and_bytes(tmp_path: Path) -> None:
    talk = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
    pq.write_table(pa.table({"conversations": [talk, None], "n": [1, 2]}), tmp_path / "a.parquet")
    first, second = Parquet(path=str(tmp_path)).rows()
    assert isinstance(first, dict) and isinstance(second, dict)
    assert [m["role"] for m in first["messages"]] == ["user", "assistant"]
    assert second == {"messages": None, "n": 2}
    pq.write_table(pa.table({"image": [b"\x89PNG"]}), tmp_path / "a.parquet")
    assert "of type bytes" in str(next(iter(Parquet(path=str(tmp_path)).rows())))


def test_mistakes_are_said(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"")
    assert "holds no whole Parquet file" in next(Parquet(path=str(tmp_path / "x.parquet")).check())
    assert "no file" in next(Parquet(path=str(tmp_path / "y.parquet")).check())


def test_the_fingerprint_follows_the_content(folder: Path) -> None:
    before = Parquet(path=str(folder)).fingerprint()
    assert Parquet(path=str(folder)).fingerprint() == before
    write(folder / "c.parquet", 12, 3)
    assert Parquet(path=str(folder)).fingerprint() != before
