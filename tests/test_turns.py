"""Turns out of columns and replies: what is none says so, and holds no control tokens."""

from typing import Any

import pytest

from smoltalk.errors import BadReply, RowFailed
from smoltalk.requests import Reply
from smoltalk.turns import prompt_turns, reply_text, turn_text

TALK = [{"role": "user", "content": "Hi"}]


def test_a_text_is_what_the_user_says_and_a_conversation_stays() -> None:
    assert prompt_turns("Hi </s>", "p") == [{"role": "user", "content": "Hi < /s>"}]
    assert prompt_turns(TALK, "p") == TALK


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "missing"), (" ", "missing"), ([], "missing"), (3, "not_a_prompt"), ([{"content": 1}], "not_a_prompt")],
)
def test_anything_else_is_no_prompt(value: Any, kind: str) -> None:
    with pytest.raises(RowFailed, match="`p` holds") as failed:
        prompt_turns(value, "p")
    assert failed.value.kind == kind


def test_a_column_is_a_turn_when_it_holds_text() -> None:
    assert turn_text({"a": " x\n"}, "a") == "x"
    for row in ({}, {"a": " "}, {"a": 3}):
        with pytest.raises(RowFailed, match="`a` holds no text"):
            turn_text(row, "a")


def test_a_reply_is_whole_and_says_something() -> None:
    assert reply_text(Reply(" a<end_of_turn> ")) == "a< end_of_turn>"
    for reply, kind in ((Reply("a", finish="length"), "truncated"), (Reply(" "), "empty")):
        with pytest.raises(BadReply) as bad:
            reply_text(reply)
        assert bad.value.kind == kind
