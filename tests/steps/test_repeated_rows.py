"""`repeat` of sources: as many rounds over all records, whose rows are equal and apart, and any start skips."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import RowFailed
from smoltalk.pipeline import load
from smoltalk.records import repeated
from smoltalk.rows import Row
from smoltalk.steps.hub import Hub
from smoltalk.steps.jsonl import Jsonl
from smoltalk.steps.parquet import Parquet


@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 12))
def test_any_start_skips(size: int, repeat: int, start: int) -> None:
    def rows(first: int) -> Iterator[Row | RowFailed]:
        return iter([{"n": n} for n in range(size)][first:])

    found = list(repeated(rows, repeat, 0))
    assert [row["n"] for row in found if isinstance(row, dict)] == [n for _ in range(repeat) for n in range(size)]
    assert list(repeated(rows, repeat, start)) == found[start:]


def test_rows_of_one_record_share_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"tags": ["a"]}\nbroken\n')
    first, failed, second, failed_again = Jsonl(path=str(path), repeat=2).rows()
    assert first == second and isinstance(first, dict) and isinstance(second, dict)
    assert first["tags"] is not second["tags"]
    assert [str(row).partition(" is ")[0] for row in (failed, failed_again)] == ["unreadable: a.jsonl:2"] * 2
    assert failed is not failed_again, "where it failed is written into it"


@pytest.mark.filterwarnings("ignore")
def test_every_source_of_records_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pq.write_table(pa.table({"n": [0, 1, 2]}), tmp_path / "train.parquet")
    (tmp_path / "lines.jsonl").write_text('{"n": 0}\n{"n": 1}\n{"n": 2}\n')
    sources = [
        Jsonl(path=str(tmp_path / "lines.jsonl"), repeat=3, limit=2),
        Parquet(path=str(tmp_path / "train.parquet"), repeat=3, limit=2),
        Hub(dataset=str(tmp_path), columns=["n"], repeat=3, limit=2),
    ]
    for source in sources:
        assert [row["n"] for row in source.rows() if isinstance(row, dict)] == [0, 1, 0, 1, 0, 1]
        assert [row["n"] for row in source.rows(3) if isinstance(row, dict)] == [1, 0, 1]
        assert source.size() in (6, None)
        once = source.model_copy(update={"repeat": 1})
        assert "repeat" not in once.fingerprint() and once.fingerprint() != source.fingerprint()


def test_repeated_rows_are_picked_apart(tmp_path: Path) -> None:
    from smoltalk.dag.adapters import born

    (tmp_path / "lines.jsonl").write_text('{"instruction": "a", "response": "b"}\n')
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nsteps:\n  - jsonl: {{path: {tmp_path}/lines.jsonl, repeat: 20}}\n")
    source = load(path).source.part
    rows = [born("own", index, row) for index, row in enumerate(source.rows())]  # type: ignore[union-attr]
    assert len({row["id"] for row in rows}) == 20
