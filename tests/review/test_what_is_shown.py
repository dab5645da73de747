"""What a reviewer sees of a row: text all through, and a mark that tells one text from another."""

import json
from typing import Any

from smoltalk.review.records import swaps
from smoltalk.review.sheets import sheet
from smoltalk.review.shown import shown

TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


def sft(**columns: Any) -> Any:
    return shown("run", "sft", 3, {"id": "abc", "messages": TURNS, **columns})


def dpo(row_id: str, **columns: Any) -> Any:
    pair = {"prompt": TURNS[:1], "chosen": TURNS[1:], "rejected": [{"role": "assistant", "content": "Go away"}]}
    return shown("run", "dpo", 3, {"id": row_id, **pair, **columns})


def test_a_conversation_has_its_last_answer() -> None:
    item = sft(reward=0.51234567, quality="good", category="small talk", notes=["x"], long="x" * 999)
    assert (item.row, item.id, item.answer, item.category) == (3, "abc", "Hello", "small talk")
    assert item.evidence == {"reward": "0.5123", "quality": "good", "category": "small talk"}


def test_another_text_has_another_mark() -> None:
    assert sft().mark == sft(reward=1.0).mark
    assert sft().mark != sft(messages=[*TURNS[:1], {"role": "assistant", "content": "Hello!"}]).mark


def test_pairs_are_shown_in_an_order_that_the_row_decides() -> None:
    items = {name: dpo(name) for name in map(str, range(64))}
    assert 16 < sum(item.swapped for item in items.values()) < 48
    for name, item in items.items():
        assert item.swapped == swaps("run", name)
        assert item.answers == (("Go away", "Hello") if item.swapped else ("Hello", "Go away"))
    assert len({item.mark for item in items.values()}) == 1


def test_calls_are_spelt_out() -> None:
    calls = [{"type": "function", "function": {"name": "look", "arguments": {"word": "loom"}}}]
    item = sft(messages=[TURNS[0], {"role": "assistant", "content": None, "tool_calls": calls}])
    assert item.turns[1].content == 'calls look({"word":"loom"})'


def test_texts_that_are_none_are_not_shown() -> None:
    assert shown("run", "sft", 0, {"id": "x", "messages": []}) is None
    assert dpo("x", rejected=None) is None
    assert (
        sft(messages=[{"role": "user", "content": "half \ud800 a character"}]).turns[0].content
        == "half \ufffd a character"
    )


def test_offered_tools_are_shown_and_belong_to_the_text() -> None:
    schema = {"type": "object", "properties": {"word": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": schema}}
    item = sft(tools=[tool, "else"])
    assert item.tools.startswith('look\nLooks.\ntakes {"type":"object"') and item.tools.endswith("\n\nelse")
    assert json.loads(sheet([item], ".jsonl", blind=True))["tools"] == item.tools
    assert item.mark != sft().mark and item.mark == sft(tools=[tool, "else"]).mark
    assert "tools" not in item.evidence and (sft(tools=[]).tools, sft(tools=None).mark) == ("", sft().mark)


def test_a_score_is_shown_with_its_distance_from_the_cut() -> None:
    item = shown("run", "sft", 3, {"id": "abc", "messages": TURNS, "reward": 0.2955}, {}, {"reward": 0.25, "x": 1.0})
    assert item is not None and item.evidence == {"reward": "0.2955 (at least 0.25: +0.0455)"}
