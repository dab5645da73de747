"""A whole reply as a conversation: what is read, what is refused, and in which words."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk import prompts
from smoltalk.errors import BadReply
from smoltalk.prompts.dialogue import dialogue
from smoltalk.requests import Sampling
from smoltalk.rows import Message

TALK: list[Message] = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello! What can I do?"},
    {"role": "user", "content": "Boil an egg."},
    {"role": "assistant", "content": "Eight minutes:\n\n1. Water\n2. Egg"},
]
SAID = "User: Hi\nAssistant: Hello! What can I do?\nUser: Boil an egg.\nAssistant: Eight minutes:\n\n1. Water\n2. Egg"


@pytest.mark.parametrize(
    "reply",
    [
        SAID,
        f"\n{SAID}\n",
        SAID.replace("\n", "\r\n"),
        SAID.replace("User:", "**User:**").replace("Assistant:", "**Assistant**:"),
        SAID.replace("User:", "### User:\n").replace("Assistant:", "### Assistant:\n"),
        SAID.replace("User:", "HUMAN :").replace("Assistant:", "AI:"),
        SAID.replace("\nUser", "\n\n\nUser"),
        f"Here is a short chat about eggs.\n\n{SAID}",
        f"```\n{SAID}\n```",
        f"```text\n{SAID}\n```",
        json.dumps(TALK),
        json.dumps(TALK, indent=2),
        json.dumps({"messages": TALK}),
        f"```json\n{json.dumps(TALK, indent=1)}\n```",
        f"Sure, [here] it is:\n{json.dumps(TALK)}\nEnjoy!",
        json.dumps([{"from": "human" if t["role"] == "user" else "gpt", "value": t["content"]} for t in TALK]),
    ],
)
def test_a_conversation_is_read_as_models_write_it(reply: str) -> None:
    found = dialogue(reply)
    assert [(t["role"], t["content"].replace("\r", "")) for t in found] == [(t["role"], t["content"]) for t in TALK]


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        ("Eggs are boiled in water.", "unparseable: there is no conversation in the reply; write each turn on a line"),
        ("[1, 2]", "unparseable: there is no conversation"),
        ("[" * 10_000, "unparseable: there is no conversation"),
        ("[]", "unparseable: there is no conversation"),
        ("{}", "unparseable: there is no conversation"),
        ('[{"role": "user"', "unparseable: there is no conversation"),
        ("Assistant: Hello\nUser: Hi\nAssistant: Bye", "schema: turn 1 is the assistant's, not the user's; user and"),
        ("User: Hi\nUser: Eggs?\nAssistant: Yes", "schema: turn 2 is the user's after another one, not the assistant'"),
        ("User: Hi\nAssistant: Yes\nAssistant: No", "schema: turn 3 is the assistant's after another one"),
        ("User: Hi\nAssistant: Yes\nUser: Thanks!", "schema: the last turn, turn 3, is the user's and has no answer"),
        ("User: Hi\nAssistant:\nUser: Bye\nAssistant: Bye", "schema: turn 2, the assistant's, is empty"),
        ("System: Be kind\nUser: Hi\nAssistant: Hi", "schema: turn 1 is the system's, not the user's"),
        ('[{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]', "turn 2 is spoken by 'tool'"),
        ('[{"role": "user", "content": "a"}, {"role": "assistant"}]', "turn 2 holds null, not text"),
        ('[{"role": "user", "content": ["a"]}]', "turn 1 holds a list, not text"),
        ('[{"speaker": "user", "text": "a"}]', "turn 1 is spoken by None"),
    ],
)
def test_a_complaint_names_the_turn(reply: str, complaint: str) -> None:
    with pytest.raises(BadReply) as caught:
        dialogue(reply)
    assert complaint in str(caught.value)


def test_a_speaker_in_the_middle_of_a_line_is_text() -> None:
    said = "User: What does 'Assistant: hello' mean?\nAssistant: It labels a turn. The user: you."
    assert [turn["content"] for turn in dialogue(said)] == [
        "What does 'Assistant: hello' mean?",
        "It labels a turn. The user: you.",
    ]


def test_turns_hold_no_control_tokens() -> None:
    assert dialogue("User: a<|im_end|>\nAssistant: b\0")[0]["content"] == "a< |im_end|>"
    assert (
        dialogue('[{"role":"user","content":"\\ud800"},{"role":"assistant","content":"b"}]')[0]["content"] == "\ufffd"
    )


@given(st.text() | st.lists(st.sampled_from(["User: ", "Assistant:", "\n", "a", "[", "{", '"', "```"])).map("".join))
def test_any_reply_is_a_conversation_or_a_complaint(reply: str) -> None:
    try:
        turns = dialogue(reply)
    except BadReply as bad:
        assert bad.kind in ("unparseable", "schema")
        return
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
    assert all(turn["content"].strip() for turn in turns)


_said = st.text("ab c\n.", min_size=1).filter(lambda text: text.strip() == text)


@given(st.lists(st.tuples(_said, _said), min_size=1))
def test_what_is_written_out_is_read_back(pairs: list[tuple[str, str]]) -> None:
    turns = [{"role": role, "content": text} for pair in pairs for role, text in zip(("user", "assistant"), pair)]  # noqa: B905
    assert dialogue(json.dumps(turns)) == turns
    assert dialogue("\n".join(f"{turn['role'].title()}: {turn['content']}" for turn in turns)) == turns


def write(folder: Path, header: str) -> prompts.Template:
    (folder / "t.j2").write_text(f"---\n{header}\n---\nTalk about {{{{ topic }}}}\n")
    return prompts.Template("t.j2", folder / "t.j2")


@pytest.mark.parametrize(("header", "column"), [("", "messages"), ("\ncolumn: talk", "talk")])
def test_a_template_keeps_the_whole_reply_as_a_conversation(tmp_path: Path, header: str, column: str) -> None:
    template = write(tmp_path, f"returns: messages{header}")
    assert template.writes() == {column} and template.schema() is None
    assert template.parse(SAID) == {column: TALK}
    assert template.request({"topic": "eggs"}, Sampling()).schema is None
    with pytest.raises(BadReply, match="empty"):
        template.parse(" \n")


def test_a_conversation_may_be_one_column_of_a_json_reply(tmp_path: Path) -> None:
    template = write(tmp_path, "returns: {mood: str, messages: messages}")
    reply: dict[str, Any] = {"mood": "calm", "messages": TALK}
    assert template.writes() == {"mood", "messages"} and template.parse(json.dumps(reply)) == reply
    schema = template.schema()
    assert schema is not None
    jsonschema.validate(reply, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(reply | {"messages": [{"role": "tool", "content": "x"}]}, schema)
    for wrong, said in (
        (TALK[:3], "`messages`: the last turn, turn 3,"),
        ("User: Hi", "`messages`: the conversation h"),
    ):
        with pytest.raises(BadReply, match=f"schema: {said}"):
            template.parse(json.dumps(reply | {"messages": wrong}))
