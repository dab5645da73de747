"""Guard: what a guard model is asked, how the families' replies are read, and what is no reply of theirs."""

import asyncio
import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import RowFailed
from smoltalk.gates.one_of import OneOf
from smoltalk.requests import Reply
from smoltalk.rows import Message
from smoltalk.steps.guard import Guard

CHAT: list[Message] = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "q"},
    {"role": "assistant", "content": "a"},
]

REPLIES = [
    ("llama_guard", "safe", "safe", []),
    ("llama_guard", "\n\nsafe", "safe", []),
    ("llama_guard", "\n\nunsafe\nS1,S10", "unsafe", ["S1", "S10"]),
    ("llama_guard", "unsafe\nS2, S2", "unsafe", ["S2"]),
    ("llama_guard", "unsafe", "unsafe", []),
    ("qwen3_guard", "Safety: Safe\nCategories: None", "safe", []),
    ("qwen3_guard", "Safety: Unsafe\nCategories: Violent, PII\n", "unsafe", ["Violent", "PII"]),
    (
        "qwen3_guard",
        "Safety: Controversial\nCategories: Suicide & Self-Harm\nRefusal: No",
        "controversial",
        ["Suicide & Self-Harm"],
    ),
    ("shield_gemma", "No", "safe", []),
    ("shield_gemma", "Yes\n\nThe question asks for", "unsafe", []),
    ("granite_guardian", "Yes", "unsafe", []),
    ("granite_guardian", "No\n<confidence> High </confidence>", "safe", []),
    ("granite_guardian", "<score> yes </score>", "unsafe", []),
    (
        "wild_guard",
        "Harmful request: yes\nResponse refusal: n/a\nHarmful response: n/a",
        "unsafe",
        ["harmful request"],
    ),
    ("wild_guard", "Harmful request: yes\nResponse refusal: yes\nHarmful response: no", "safe", ["harmful request"]),
    (
        "wild_guard",
        "Harmful request: no\nResponse refusal: no\nHarmful response: yes",
        "unsafe",
        ["harmful response"],
    ),
]

NO_REPLIES = [
    ("llama_guard", "Safe"),
    ("llama_guard", "safe\nS1"),
    ("llama_guard", "unsafe\nviolence"),
    ("llama_guard", "unsafe S1"),
    ("llama_guard", "The conversation is safe."),
    ("qwen3_guard", "Safety: Maybe\nCategories: None"),
    ("qwen3_guard", "Safety: Safe"),
    ("shield_gemma", "Nothing here is wrong."),
    ("shield_gemma", "I say No"),
    ("granite_guardian", "No, it is fine"),
    ("wild_guard", "Harmful request: yes"),
    ("wild_guard", ""),
]


def guard(form: Any = "llama_guard", **fields: Any) -> Guard:
    return Guard(engine="g", form=form, **fields)


def test_what_it_reads_and_writes() -> None:
    step = guard()
    assert [set(columns) for columns in (step.reads(), step.writes(), step.engines())] == [
        {"messages"},
        {"safety", "hazards"},
        {"g"},
    ]
    step = guard(of="answer", prompt="question", column="safe", hazards="why")
    assert [set(step.reads()), set(step.writes())] == [{"answer", "question"}, {"safe", "why"}]
    assert guard(attempts=1).identity() == guard().identity() != guard("shield_gemma").identity()


def test_the_last_turn_is_judged_without_a_system_turn(scripted: Any) -> None:
    ask = scripted(["safe"])
    asyncio.run(guard().write({"messages": CHAT}, ask))
    [request] = ask.requests
    assert request.messages == CHAT[1:]
    assert (request.role, request.sampling.temperature, request.sampling.max_tokens) == ("assistant", 0.0, 64)


@pytest.mark.parametrize(
    ("fields", "turns"),
    [
        ({"of": "q"}, [("user", "ask")]),
        ({"of": "a", "prompt": "q"}, [("user", "ask"), ("assistant", "say")]),
    ],
)
def test_texts_are_judged_as_turns(fields: dict[str, str], turns: list[tuple[str, str]], scripted: Any) -> None:
    ask = scripted(["safe"])
    asyncio.run(guard(**fields).write({"q": "ask", "a": "say"}, ask))
    assert [(turn["role"], turn["content"]) for turn in ask.requests[0].messages] == turns


@pytest.mark.parametrize(("form", "text", "verdict", "hazards"), REPLIES)
def test_replies_of_guard_models(form: str, text: str, verdict: str, hazards: list[str], scripted: Any) -> None:
    found = asyncio.run(guard(form).write({"messages": CHAT}, scripted([text])))
    assert found == {"safety": verdict, "hazards": hazards}
    assert OneOf(column="safety", values=("safe",)).open().judge(found).keep == (verdict == "safe")


def test_every_form_is_tried_here() -> None:
    forms = set(get_args(Guard.model_fields["form"].annotation))
    assert forms == {form for form, *_ in REPLIES} == {form for form, _ in NO_REPLIES}


@pytest.mark.parametrize(("form", "text"), NO_REPLIES)
def test_no_verdict_is_asked_for_again_and_then_fails_the_row(form: str, text: str, scripted: Any) -> None:
    ask = scripted([text] * 3)
    with pytest.raises(RowFailed, match="no_verdict: not a guard model's reply"):
        asyncio.run(guard(form).write({"messages": CHAT}, ask))
    assert ask.bad == ["no_verdict"] * 3, "a kind that adds no complaint to what is judged"
    assert [request.sampling.temperature for request in ask.requests] == [0.0, 0.7, 0.7]
    assert ask.turns == [0, 1, 1]


def test_a_second_reply_may_be_readable(scripted: Any) -> None:
    ask = scripted(["I cannot say", "unsafe\nS3"])
    assert asyncio.run(guard().write({"messages": CHAT}, ask)) == {"safety": "unsafe", "hazards": ["S3"]}


def test_one_attempt_is_one(scripted: Any) -> None:
    with pytest.raises(RowFailed):
        asyncio.run(guard(attempts=1).write({"messages": CHAT}, ask := scripted(["what?", "safe"])))
    assert len(ask.requests) == 1


def test_a_list_that_was_cut_off_is_no_verdict(scripted: Any) -> None:
    with pytest.raises(RowFailed, match="truncated"):
        asyncio.run(guard(attempts=1).write({"messages": CHAT}, scripted([Reply("unsafe\nS1", "length")])))
    cut = Reply("Yes\n\nThe question", "length")
    found = asyncio.run(guard("shield_gemma", attempts=1).write({"messages": CHAT}, scripted([cut])))
    assert found["safety"] == "unsafe", "its reasons need not be whole"


@pytest.mark.parametrize(("form", "text", "verdict", "hazards"), REPLIES)
def test_what_servers_are_held_to_is_what_is_read(
    form: str, text: str, verdict: str, hazards: list[str], scripted: Any
) -> None:
    ask = scripted([text])
    asyncio.run(guard(form).write({"messages": CHAT}, ask))
    request = ask.requests[0]
    held = {"shield_gemma": "choice", "granite_guardian": ""}.get(form, "regex")  # reasons may come before, or tags
    assert [name for name in ("regex", "choice") if getattr(request, name)] == ([held] if held else [])
    if request.regex and text != "unsafe":
        assert re.fullmatch(request.regex, text.rstrip("\n")), "a form of the model's own is not kept from it"


@given(st.data())
def test_whatever_the_grammar_lets_through_is_read(data: Any) -> None:
    from smoltalk.steps.guard import _FORMS  # the grammar is no one else's business

    name = data.draw(st.sampled_from([name for name, form in _FORMS.items() if form.enforced]))
    form = _FORMS[name]
    text = data.draw(st.from_regex(re.compile(form.enforced or "", re.A), fullmatch=True))
    verdict, named = form.read(Reply(text))
    assert verdict in ("safe", "unsafe", "controversial") and len(set(named)) == len(named)


@pytest.mark.parametrize("row", [{"q": "", "a": "x"}, {"q": "x", "a": None}])
def test_nothing_to_judge_fails_the_row(row: dict[str, Any], scripted: Any) -> None:
    with pytest.raises(RowFailed, match="holds nothing to judge"):
        asyncio.run(guard(of="a", prompt="q").write(row, scripted([])))
