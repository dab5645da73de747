"""Gates say of a mixture's rows, batch by batch, what they say of a run's, row by row."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.contracts import Gate
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.gates.semantic_duplicate import SemanticDuplicate
from smoltalk.mixing.contamination import Scan
from smoltalk.mixing.judges import RepeatJudge, judged
from smoltalk.mixing.keys import keys, places, splits
from smoltalk.run.parquet import messages_type
from tests.mixing.mixtures import lines, rows, talk

TEXTS = st.sampled_from(["One two three four.", "ONE two  three four.", "One two three five.", "", "x", "Nine ten."])
IDS = st.lists(st.integers(0, 2**64 - 1), unique=True, min_size=1, max_size=50)


def batch_of(some: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows as a mixture has them."""
    columns = {"id": pa.array([row["id"] for row in some])}
    columns["messages"] = pa.array([row["messages"] for row in some], messages_type())
    if "vector" in some[0]:
        columns["vector"] = pa.array([row["vector"] for row in some], pa.list_(pa.float64()))
    return pa.record_batch(columns)


def by_row(gate: Gate, some: list[dict[str, Any]]) -> dict[int, tuple[str, dict[str, Any]]]:
    """What the gate's own judge says of rows that it turns away."""
    judge = gate.open()
    verdicts = enumerate(judge.judge(row) for row in some)
    return {place: (one.reason, one.evidence) for place, one in verdicts if not one.keep}


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12), cut=st.integers(1, 12))
def test_duplicates(texts: list[tuple[str, str]], cut: int) -> None:
    some = [{"id": f"{at:016x}", **talk(*said), "vector": [len(said[0]), 1.0]} for at, said in enumerate(texts)]
    gates: list[ExactDuplicate | NearDuplicate | SemanticDuplicate] = [
        ExactDuplicate(on="messages"), NearDuplicate(on="messages"), SemanticDuplicate(on="vector", threshold=0.99),
        ExactDuplicate(on="absent"),
    ]  # fmt: skip
    for gate in gates:
        judge, found = RepeatJudge(gate), {}
        for at in range(0, len(some), cut):
            for _, one in judged([judge], batch_of(some[at : at + cut])):
                found[at + one.row] = (one.reason, json.loads(one.evidence))
        assert found == by_row(gate, some)


def test_against_another_dataset(tmp_path: Path) -> None:
    other = rows(5, "x", words=60)
    said = [turn["content"] for turn in other[0]["messages"]]
    other.append({"id": "edited", **talk(said[0], f"{said[1]} indeed")})  # near another one, and remembered beside it
    file = lines(tmp_path / "other.jsonl", other)
    some = [*({**row, "id": f"mine{row['id']}"} for row in (other[5], other[1])), *rows(2, "y")]
    for gate in (
        ExactDuplicate(on="messages", against=(str(file),)),
        NearDuplicate(on="messages", against=(str(file),)),
    ):
        found = {
            one.row: (one.reason, json.loads(one.evidence)) for _, one in judged([RepeatJudge(gate)], batch_of(some))
        }
        assert found == by_row(gate, some) and len(found) == 2


def test_benchmark_items(tmp_path: Path) -> None:
    asked = [f"Which {word} rivers cross the old stone town before noon in {word} years?" for word in ("nine", "odd")]
    items = lines(tmp_path / "quiz.jsonl", [{"id": str(at), "question": one} for at, one in enumerate(asked)])
    some = [
        *rows(3, "x"),
        {"id": "a", **talk(asked[1], "So many.")},
        {"id": "b", **talk("Hm?", f"{asked[0]} {asked[1]}")},
    ]
    gate = Decontaminate(against=(str(items),))
    scan = Scan(gate)
    found = {row: (reason, evidence) for row, reason, evidence in scan.hits(batch_of(some), scan.desk())}
    assert found == by_row(gate, some) and len(found) == 2


@given(numbers=IDS, seed=st.integers(0, 5))
def test_keys_are_a_permutation_of_ids(numbers: list[int], seed: int) -> None:
    ids = pa.array([f"{number:016x}" for number in numbers])
    found = keys(ids, seed)
    assert len(set(found.tolist())) == len(numbers)
    assert (keys(ids.slice(len(numbers) // 2), seed) == found[len(numbers) // 2 :]).all()
    assert len(set(places(found).tolist())) == len(numbers)


def test_splits_have_their_shares_whatever_the_sample() -> None:
    every = keys(pa.array([f"{number:016x}" for number in range(40_000)]), 0)
    for some in (every, np.sort(every)[:8_000]):
        share = np.bincount(splits(some, {"train": 0.7, "test": 0.2, "more": 0.1})) / len(some)
        assert np.abs(share - [0.7, 0.2, 0.1]).max() < 0.015
        assert abs((places(some) / 2**64).mean() - 0.5) < 0.015
    assert (keys(pa.array([f"{7:016x}"]), 0) != keys(pa.array([f"{7:016x}"]), 1)).all()
