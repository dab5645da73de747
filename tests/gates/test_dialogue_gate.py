"""Dialogue: as many exchanges as wanted, short turns, a greeting first, nobody who repeats himself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from smoltalk.contracts import KEEP
from smoltalk.gates.dialogue import GREETINGS, Dialogue


def talk(*texts: str) -> list[dict[str, str]]:
    return [{"role": "assistant" if i % 2 else "user", "content": text} for i, text in enumerate(texts)]


GOOD = talk("Hi there!", "Hello! How can I help?", "Why is the sky blue?", "Air scatters blue light most.")
GATE = Dialogue(min_exchanges=2, max_exchanges=3, opens_with=("greeting",), max_words=20)


def test_a_good_dialogue_is_kept() -> None:
    assert GATE.reads() == {"messages"}
    assert GATE.judge({"messages": GOOD}) == KEEP
    assert GATE.judge({"messages": [{"role": "system", "content": "Be short."}, *GOOD]}) == KEEP


@given(st.integers(min_value=1, max_value=8))
def test_exchanges_are_counted(count: int) -> None:
    turns = talk(*(text for n in range(count) for text in (f"Hello {n}", f"Answer {n}")))
    verdict = GATE.judge({"messages": turns})
    wanted = "too_few_exchanges" if count < 2 else "too_many_exchanges" if count > 3 else ""
    assert (verdict.keep, verdict.reason) == (not wanted, wanted)
    if wanted:
        assert verdict.evidence["exchanges"] == count


@pytest.mark.parametrize("greeting", GREETINGS)
def test_every_greeting_opens(greeting: str) -> None:
    assert GATE.judge({"messages": talk(f"  {greeting.upper()}, you!", *[t["content"] for t in GOOD[1:]])}) == KEEP


@pytest.mark.parametrize("text", ["Why is the sky blue?", "Hiking is fun", "Say hi", "Hellomoto", "...", "¿Hola?"])
def test_other_openings_do_not(text: str) -> None:
    verdict = GATE.judge({"messages": talk(text, *[t["content"] for t in GOOD[1:]])})
    assert (verdict.reason, verdict.evidence) == ("other_opening", {"turn": 0, "begins": text})


def test_openings_of_ones_own() -> None:
    gate = Dialogue(opens_with=("hola", "buenos días"))
    assert gate.judge({"messages": talk("¡Buenos dias!", "Hola.")}) == KEEP
    assert gate.judge({"messages": talk("Buenos Aires?", "Hola.")}).reason == "other_opening"


def test_a_long_turn_is_named() -> None:
    verdict = GATE.judge({"messages": [*GOOD[:3], {"role": "assistant", "content": "word " * 21}]})
    assert (verdict.reason, verdict.evidence) == ("long_turn", {"turn": 3, "role": "assistant", "words": 21, "max": 20})


def test_who_says_the_same_twice_repeats() -> None:
    turns = talk("Hi!", "Sure, go ahead.", "May I ask?", "sure - GO ahead!")
    assert GATE.judge({"messages": turns}).evidence == {"turn": 3, "role": "assistant", "text": "sure - GO ahead!"}
    assert GATE.model_copy(update={"repeats": True}).judge({"messages": turns}) == KEEP
    assert GATE.judge({"messages": talk("Hello", "Hello", "Who are you?", "A program.")}) == KEEP  # two speakers


@pytest.mark.parametrize("value", [None, "text", [], [1], [{"role": "user"}], [{"role": 1, "content": "x"}]])
def test_what_is_no_dialogue(value: Any) -> None:
    assert GATE.judge({"messages": value}).reason == "no_dialogue"


def test_impossible_bounds_are_refused() -> None:
    with pytest.raises(ValidationError, match="no row can pass"):
        Dialogue(min_exchanges=4, max_exchanges=3)
