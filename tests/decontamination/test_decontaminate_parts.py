"""The command works in parts: of any size, and only on those that an earlier call did not finish."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.decontamination import parts, session
from smoltalk.decontamination.tally import Tally
from tests.decontamination.conftest import FERRY, LAMPS, PLAIN, Call, jsonl, rows


def test_small_parts_give_the_same_rows(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [{"id": i, "text": (FERRY if i % 7 == 0 else PLAIN) + f" {i}"} for i in range(400)]
    jsonl(Path("data.jsonl"), given)
    pq.write_table(pa.Table.from_pylist(given), "data.parquet", row_group_size=300)
    call("data.jsonl", out="whole")
    monkeypatch.setattr(parts, "PART", 3_000)
    monkeypatch.setattr("smoltalk.decontamination.lines._BLOCK", 1_000)
    for data in ("data.jsonl", "data.parquet"):
        assert call(data, out=data + ".out").code == 0
        for side in ("clean", "contaminated"):
            found = str(rows(side, data + ".out")).replace(f"{data}:", "data.jsonl:")
            assert found == str(rows(side, "whole"))
        assert len(list(Path(data + ".out", "clean").iterdir())) > 5


def test_a_call_goes_on_where_another_was_killed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 2_000)
    jsonl(Path("data.jsonl"), [{"id": i, "text": LAMPS if i % 9 == 0 else PLAIN} for i in range(100)])
    call("data.jsonl", out="whole")
    done: list[int] = []
    work = session.work

    def dies(part: parts.Part, *rest: Any) -> Tally:
        if part.number == 3:
            raise KeyboardInterrupt
        return work(part, *rest)

    monkeypatch.setattr(session, "work", dies)
    stopped = call("data.jsonl")
    assert (stopped.code, "goes on" in stopped.err) == (130, True)
    kept = {path.name for path in Path("out/.parts").glob("0*.json")}
    assert "00003.json" not in kept
    Path("out/clean/part-00003-000.parquet").write_bytes(b"half")
    Path("out/clean/.part-00004-000.parquet.tmp").write_bytes(b"half")

    def counts(part: parts.Part, *rest: Any) -> Tally:
        done.append(part.number)
        return work(part, *rest)

    monkeypatch.setattr(session, "work", counts)
    assert call("data.jsonl").code == 0
    assert not {f"{number:05}.json" for number in done} & kept
    for side in ("clean", "contaminated"):
        assert rows(side) == rows(side, "whole")
    done.clear()
    assert call("data.jsonl").code == 0
    assert done == []
