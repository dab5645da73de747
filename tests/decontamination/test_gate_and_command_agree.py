"""The gate and the command look at the same texts of a row, each as a text of its own."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from smoltalk.decontamination.columns import placed, spoken
from smoltalk.gates.decontaminate import Decontaminate
from tests.decontamination.conftest import CRANE, FERRY, LAMPS, Call, jsonl, rows

TINY = "Why purple lighthouse?"
CALLING = {"function": {"name": "ask", "arguments": json.dumps({"q": FERRY})}}


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "content": TINY},
        {"from": "human", "value": TINY},
        {"role": "user", "content": [{"type": "text", "text": "Hello."}, {"type": "text", "text": TINY}]},
        {"role": "assistant", "content": "yes", "reasoning_content": FERRY},
        {"role": "assistant", "content": "yes", "notes": [{"step": {"said": FERRY}}]},
        {"role": "assistant", "content": None, "tool_calls": [CALLING]},
        {"role": "assistant", "content": "", "function_call": {"name": "ask", "arguments": {"q": FERRY}}},
    ],
)
def test_what_one_finds_the_other_finds(call: Call, turn: dict[str, Any]) -> None:
    jsonl(Path("items.jsonl"), [{"id": "tiny", "question": TINY}, {"id": "ferry", "question": FERRY}])
    jsonl(Path("data.jsonl"), [{"messages": [turn]}])
    assert call("data.jsonl", against="items.jsonl").code == 0
    evidence = rows("contaminated")[0]["contamination"][0]
    verdict = Decontaminate(against=("items.jsonl",)).open().judge({"messages": [turn]})
    assert not verdict.keep
    assert verdict.evidence["item"] == evidence["item"]
    assert verdict.evidence["role"] == evidence["role"]


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "tool", "name": "n", "tool_call_id": "7", "content": "a"},
        {"role": "r", "content": "a", "reasoning_content": "b", "tool_calls": [CALLING, CALLING], "n": 3},
        {"from": "f", "value": ["a", "b"]},
        {"role": "r", "type": "t", "said": "a"},
        {"content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}, "text": None}]},
    ],
)
def test_the_same_texts_from_python_and_arrow(turn: dict[str, Any]) -> None:
    texts = placed(pa.RecordBatch.from_pylist([{"turns": [turn]}]), ["turns"]).texts
    bounds = texts.offsets.tolist()
    found = [texts.data[a:b].tobytes().decode() for a, b in pairwise(bounds)]
    assert list(spoken([turn])) == found


def test_the_most_hit_benchmark_comes_first_on_the_page(call: Call) -> None:
    jsonl(Path("a_seldom.jsonl"), [{"question": FERRY}, {"question": CRANE}])
    jsonl(Path("b_often.jsonl"), [{"question": LAMPS}])
    jsonl(Path("data.jsonl"), [{"text": FERRY}, {"text": LAMPS}])
    assert call("data.jsonl", against="a_seldom.jsonl,b_often.jsonl").code == 0
    assert re.findall(r"<h2>(\w+)</h2>", Path("out/report.html").read_text())[1:] == ["b_often", "a_seldom"]
    assert not list(Path("out").rglob(".*.tmp"))
