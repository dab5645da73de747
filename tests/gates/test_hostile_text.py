"""No text and no shape of a row breaks a gate; every verdict can be written as JSON and UTF-8."""

import json
from typing import Any

import pytest

from smoltalk.contracts import Gate
from smoltalk.gates.at_least import AtLeast
from smoltalk.gates.complete import Complete
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.length import Length
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.gates.one_of import OneOf
from smoltalk.gates.semantic_duplicate import SemanticDuplicate

GATES: list[Gate] = [
    Complete(columns=("x", "messages")),
    OneOf(column="x", values=("fine",)),
    AtLeast(column="x", value=0),
    Length(of="x", min=10_000_000),
    Length(of="x", unit="turns", min=10_000_000),
    ExactDuplicate(on="x"),
    NearDuplicate(on="x"),
    SemanticDuplicate(on="x"),
    Decontaminate(against=("gsm8k",), of="x"),
]

TEXTS = {
    "surrogates": "\ud800 how \udfff many \udc00",
    "nul": "\0" * 50 + "text\0",
    "one word of a megabyte": "x" * 1_000_000,
    "a megabyte of words": "how many of them are there in all " * 30_000,
    "a megabyte of Han": "我们" * 170_000,
    "html": "<script>alert('{{ 7 * 7 }}')</script><|im_end|>{% raw %}" * 10,
    "combining": "a" + "\u0301" * 20_000,
    "right to left": "\u202eabc\u202c \u0627\u0644\u0633\u0644\u0627\u0645",
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\u2028\ufeff",
    "emoji": "👩‍👩‍👧‍👦" * 1000,
}
SHAPES: dict[str, Any] = {
    "none": None,
    "number": 10**5000,
    "numbers": [10**5000],
    "nan": float("nan"),
    "bytes": b"\xff\xfe",
    "empty list": [],
    "strings": ["a", "b"],
    "turns without content": [{"role": "user"}, {}, None, 3],
    "parts": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "\ud800"}]}],
    "mapping": {"\ud800": "\ud800"},
    "odd role": [{"role": {"a": "\ud800"}, "content": "\ud800"}],
}


def write(row: dict[str, Any], gate: Gate) -> None:
    judge = gate.open([row])
    for _ in range(2):  # the second time a duplicate
        verdict = judge.judge(row)
        json.dumps(verdict.evidence, allow_nan=False, ensure_ascii=False).encode("utf-8")
        assert verdict.keep or verdict.reason
        assert len(json.dumps(verdict.evidence)) < 3_000


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: type(gate).__name__)
@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts(gate: Gate, name: str) -> None:
    text = TEXTS[name]
    write({"id": "r", "x": text, "messages": [{"role": text, "content": text}]}, gate)
    write({"id": "r", "x": [{"role": "user", "content": text}], "messages": text}, gate)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: type(gate).__name__)
@pytest.mark.parametrize("name", SHAPES)
def test_hostile_shapes(gate: Gate, name: str) -> None:
    write({"id": "r", "x": SHAPES[name], "messages": SHAPES[name]}, gate)
    write({}, gate)


def test_a_question_among_surrogates_is_found_and_shown_clean() -> None:
    question = "Jerry is twice as old as he was 5 years ago. How old will Jerry be in 3 years?"
    row = {"x": "\ud800 ".join(question.split(" "))}
    found = Decontaminate(against=("gsm8k",), of="x").open().judge(row)
    assert found.reason == "in_gsm8k"
    assert found.evidence["text"].startswith("Jerry\ufffd is")
