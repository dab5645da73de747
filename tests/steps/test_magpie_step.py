"""Magpie: what is asked, what becomes of it, and how rows are shared among categories."""

import asyncio
from collections import Counter
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.document import Document
from smoltalk.errors import RowFailed, UserError
from smoltalk.fields import fill
from smoltalk.requests import Reply
from smoltalk.steps.magpie import Magpie

TUTOR = {"math": {"weight": 1, "system": "You are a math tutor."}}


def magpie(**fields: Any) -> Magpie:
    return fill(Magpie, {"engine": "teacher", **fields}, Document("p.yaml"), (), "magpie")


def categories(step: Magpie, n: int, start: int = 0) -> list[str]:
    return [row["category"] for row in islice(step.rows(start), n) if isinstance(row, dict)]


def test_two_turns_become_one_conversation(scripted: Any) -> None:
    ask = scripted([" Hi? ", "Hello.", "And now?", "Bye."])
    row = asyncio.run(magpie(turns=2, categories=TUTOR).write({"category": "math"}, ask))
    assert [m["content"] for m in row["messages"]] == ["Hi?", "Hello.", "And now?", "Bye."]
    assert [m["role"] for m in row["messages"]] == ["user", "assistant", "user", "assistant"]
    assert (row["instruction"], row["response"]) == ("Hi?", "Hello.")
    assert ask.turns == [0, 1, 2, 3]
    assert [r.role for r in ask.requests] == ["user", "assistant", "user", "assistant"]


def test_the_system_prompt_steers_only_the_user(scripted: Any) -> None:
    ask = scripted(["Hi?", "Hello.", "And now?", "Bye."])
    asyncio.run(magpie(turns=2, categories=TUTOR).write({"category": "math"}, ask))
    assert [[m["role"] for m in r.messages] for r in ask.requests] == [
        ["system"],
        ["user"],
        ["system", "user", "assistant"],
        ["user", "assistant", "user"],
    ]


def test_the_system_prompt_can_be_shown_to_answers_and_kept(scripted: Any) -> None:
    ask = scripted(["Hi?", "Hello."])
    step = magpie(categories=TUTOR, system_for_answers=True, keep_system=True)
    row = asyncio.run(step.write({"category": "math"}, ask))
    assert ask.requests[1].messages[0]["role"] == "system"
    assert row["messages"][0] == {"role": "system", "content": "You are a math tutor."}
    assert row["instruction"] == "Hi?"


def test_each_role_has_its_own_sampling(scripted: Any) -> None:
    ask = scripted(["Hi?", "Hello."])
    step = magpie(user={"temperature": 1.2, "stop": ["\n"]}, assistant={"forbid_first": []})
    asyncio.run(step.write({"category": "any"}, ask))
    user, assistant = (r.sampling for r in ask.requests)
    assert (user.temperature, user.stop, user.forbid_first) == (1.2, ("\n",), ("#", "**"))
    assert (assistant.temperature, assistant.stop, assistant.forbid_first) == (0.6, (), ())
    assert user.max_tokens < assistant.max_tokens


def test_a_bad_turn_is_asked_again(scripted: Any) -> None:
    ask = scripted(["", Reply("Hi", finish="length"), "Hi?", "a<|im_end|>", "Hello.\nuser\nMore", "Hello."])
    row = asyncio.run(magpie().write({"category": "any"}, ask))
    assert [m["content"] for m in row["messages"]] == ["Hi?", "Hello."]
    assert ask.bad == ["empty", "truncated", "markup", "markup"]


@pytest.mark.parametrize("good_turns", [0, 1, 2, 3])
def test_a_failed_turn_fails_the_row(scripted: Any, good_turns: int) -> None:
    ask = scripted(["fine"] * good_turns + [" \n"] * 2)
    with pytest.raises(RowFailed, match="empty"):
        asyncio.run(magpie(turns=2, attempts=2).write({"category": "any"}, ask))
    assert ask.replies == []


def test_without_categories_nothing_is_shared_or_steered(scripted: Any) -> None:
    step = magpie()
    assert categories(step, 3) == ["any"] * 3
    assert step.shares() is None
    assert step.size() is None


weights = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.floats(0.01, 100), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(weights, st.integers(0, 10**12), st.integers(1, 700))
def test_any_stretch_of_rows_is_shared_by_weight(weights: dict[str, float], start: int, n: int) -> None:
    step = magpie(categories={name: {"weight": w, "system": "s"} for name, w in weights.items()})
    found, total = Counter(categories(step, n, start)), sum(weights.values())
    assert all(abs(found[name] - n * w / total) <= 4 for name, w in weights.items())
    shares = step.shares()
    assert shares is not None and sum(shares[1].values()) == pytest.approx(1)


def test_rows_start_anywhere_and_do_not_depend_on_the_order_of_categories() -> None:
    one = {"weight": 1, "system": "s"}
    step, turned = magpie(categories={"a": one, "b": one}), magpie(categories={"b": one, "a": one})
    assert categories(step, 50, start=30) == categories(step, 80)[30:] == categories(turned, 80)[30:]
    assert step.fingerprint() == turned.fingerprint()
    assert step.identity() == turned.identity()


def test_a_name_that_ships_needs_no_prompt() -> None:
    step = magpie(categories={"coding": 2, "math": 1})
    assert "software engineer" in step.identity()["systems"]["coding"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"categories": {"codng": 1}},
            "category `codng` has no `system`, and no prompt for it ships\n    did you mean `coding`?",
        ),
        ({"categories": {"math": 0}}, "categories.math: must be a number greater than 0"),
        ({"turns": 0}, "turns: must be a whole number"),
        ({"user": {"temprature": 1}}, "did you mean `temperature`?"),
    ],
)
def test_mistakes_are_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        magpie(**fields)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Question: What is 3 + 4?", "What is 3 + 4?"),
        ("What is 3 + 4?\n\nAnswer: 7.", "What is 3 + 4?"),
        ("What is 3 + 4?\n## Step 1: Add them.\nIt is 7.", "What is 3 + 4?"),
        ("What is 3 + 4?\n**Solution:** 7", "What is 3 + 4?"),
        ("Is the answer: yes, or no?\nStep back first.", "Is the answer: yes, or no?\nStep back first."),
        ("Tasks: sweep\nOutputs: none", "Tasks: sweep\nOutputs: none"),
    ],
)
def test_a_user_who_answers_himself_is_cut_short(scripted: Any, said: str, kept: str) -> None:
    row = asyncio.run(magpie(tidy=True).write({"category": "any"}, scripted([said, "Hello."])))
    assert row["instruction"] == kept
    row = asyncio.run(magpie().write({"category": "any"}, scripted([said, "Hello."])))
    assert row["instruction"] == said


def test_a_turn_of_which_nothing_is_left_is_asked_again(scripted: Any) -> None:
    ask = scripted(["Question: \nAnswer: 7", "What is 3 + 4?", "7"])
    assert asyncio.run(magpie(tidy=True).write({"category": "any"}, ask))["instruction"] == "What is 3 + 4?"


def test_answers_are_left_as_they_are(scripted: Any) -> None:
    row = asyncio.run(magpie(tidy=True).write({"category": "any"}, scripted(["Hi?", "Look:\nAnswer: 7"])))
    assert row["response"] == "Look:\nAnswer: 7"


def test_only_tidying_counts_in_its_identity() -> None:
    assert "tidy" not in magpie().identity()
    assert magpie(tidy=True).identity()["tidy"] is True
