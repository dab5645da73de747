"""Pairs with function calls are published whole, and read again as they were."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from smoltalk.mixture.calls import called
from smoltalk.mixture.piece import CALLS
from smoltalk.mixture.reading import opened
from smoltalk.mixture.source import MixSource
from tests.run.published_runs import PAIRS, closed, ended, loaded, pair, publish, turns


def test_calls_of_pairs_are_published_and_read_again(tmp_path: Path) -> None:
    asked, plain = turns("Hi?")[0], {"role": "assistant", "content": "No."}
    call = {"function": {"arguments": {"x": [1, '"']}, "name": "f"}, "type": "function"}
    made: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": [call]}
    other = {**made, "tool_calls": [{**call, "function": {"arguments": {"y": "z"}, "name": "f"}}]}
    wanted = [
        {"prompt": [asked], "chosen": [made], "rejected": [other]},
        {"prompt": [asked, made], "chosen": [other], "rejected": [plain]},
        {"prompt": [asked], "chosen": [{**plain, "content": "Yes."}], "rejected": [plain]},
    ]
    repeated = {name: [asked, made, *wanted[1][name]] for name in ("chosen", "rejected")}
    lines = [
        ended("a1", "accepted", "", "", {}, **wanted[0]),
        ended("a2", "accepted", "", "", {}, prompt=wanted[1]["prompt"], **repeated),
        pair("a3", "Hi?", "Yes.", "No."),
    ]
    run = closed(tmp_path / "run", lines)
    publish(loaded(tmp_path, text=PAIRS), run)
    (file,) = run.data.iterdir()
    found = pq.read_table(file).to_pylist()
    assert [{name: [*map(json.loads, row[name])] for name in CALLS if name in row} for row in found] == wanted
    (piece,) = opened("s", MixSource(files=str(file)), "dpo").pieces()
    batch = piece().batch
    for name in wanted[0]:
        texts = called(batch.column(name), batch.column(CALLS[name])).to_pylist()
        assert [[*map(json.loads, row)] for row in texts] == [row[name] for row in wanted]
