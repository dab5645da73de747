"""Rows that share a long system prompt and nothing else are no near duplicates, whichever way they are compared."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from smoltalk.decontamination.parts import Files
from smoltalk.deduplication import Job
from smoltalk.deduplication.comparing import comparing
from smoltalk.duplicates.prompts import unprompted, unprompted_batch
from smoltalk.gates.near_duplicate import NearDuplicate

WORDS = [f"{a}{b}" for a in "bdfgklmn" for b in ("ala", "ero", "imo", "usk", "ond", "ite", "ave", "yth")]
Turns = list[Any]
Judged = Callable[[list[Turns]], list[bool]]


def prose(seed: int, length: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def conversation(prompt: int, asked: int, role: str = "system") -> Turns:
    said = {role: prose(prompt, 200), "user": prose(asked, 12), "assistant": prose(asked + 1, 12)}
    return [{"role": role, "content": text} for role, text in said.items()]


def in_the_gate(rows: list[Turns]) -> list[bool]:
    judge = NearDuplicate(on="messages").open()
    return [judge.judge({"id": str(number), "messages": turns}).keep for number, turns in enumerate(rows)]


def in_batches(rows: list[Turns]) -> list[bool]:
    index = comparing(Job(Files((), 0), "near", ("messages",), 0.7, (), 3))
    batch = pa.RecordBatch.from_pydict({"messages": rows})
    return [earlier == -1 for earlier in index.see(batch, ["messages"], keep_all=False).found.earlier.tolist()]


@pytest.fixture(params=[in_the_gate, in_batches])
def judged(request: pytest.FixtureRequest) -> Iterator[Judged]:
    yield request.param


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_shared_prompt_makes_no_duplicates(judged: Judged, role: str) -> None:
    assert judged([conversation(1, 10, role), conversation(1, 20, role), conversation(1, 30, role)]) == [True] * 3


def test_another_prompt_makes_no_other_row(judged: Judged) -> None:
    assert judged([conversation(1, 10), conversation(2, 10), conversation(2, 20)]) == [True, False, True]


def test_turns_that_are_json_texts_are_read_as_well(judged: Judged) -> None:
    rows = [[json.dumps(turn) for turn in conversation(1, asked)] for asked in (10, 20)]
    assert judged(rows) == [True, True]


def test_what_is_no_conversation_stays_as_it_is() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"text": ["a"], "numbers": [[1]], "turns": [[{"role": "user", "content": "b"}]], "roles": [[{"role": [1]}]]}
    )
    assert unprompted_batch(batch, [*batch.schema.names, "nowhere"]) is batch
    assert unprompted("system") == "system"


def test_a_row_without_a_conversation_keeps_its_place() -> None:
    batch = pa.RecordBatch.from_pydict({"messages": [None, conversation(1, 10), [], conversation(1, 20)[:1]]})
    left = unprompted_batch(batch, ["messages"]).column("messages").to_pylist()
    assert [[turn["role"] for turn in turns] for turns in left] == [[], ["user", "assistant"], [], []]


def test_the_gate_compares_with_other_datasets_so_too(tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    old.write_text("".join(json.dumps({"id": "old", "messages": conversation(1, 10)}) + "\n"))
    judge = NearDuplicate(on="messages", against=(str(old),)).open()
    assert judge.judge({"id": "other", "messages": conversation(1, 20)}).keep
    assert judge.judge({"id": "same", "messages": conversation(2, 10)}).evidence["duplicate_of"] == "old"
