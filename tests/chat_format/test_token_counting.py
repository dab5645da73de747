"""Tokens are counted of what the template writes: joined from its marks where that is the same text, else rendered."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smoltalk.chat_format import ChatFormat
from smoltalk.chat_format.counting import TokenCounter
from smoltalk.errors import RowFailed, WorldError

_WORDS = st.text(st.sampled_from("ab \n<>{}'é\t"), max_size=12)
TALKS = st.tuples(st.booleans(), st.lists(_WORDS, min_size=1, max_size=5))


def turns(system: bool, contents: list[str]) -> list[tuple[str, str]]:
    """Roles in turn, with a system turn in front or not."""
    roles = ["user", "assistant"] * len(contents)
    return list(zip([*(["system"] if system else []), *roles], contents, strict=False))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(talk=TALKS)
def test_marks_give_what_the_template_writes(make: Any, family: str, talk: tuple[bool, list[str]]) -> None:
    chat: ChatFormat = make(family)
    counter = TokenCounter(None, chat)  # type: ignore[arg-type]
    said = turns(*talk)
    joined = counter._marks.joined(said) if counter._marks else None
    if joined is None:
        return
    try:
        rendered = chat.render([{"role": role, "content": content} for role, content in said])
    except RowFailed:
        return
    assert joined == rendered


def test_most_families_need_no_rendering(make: Any) -> None:
    for family in ("llama3", "qwen2_5", "smollm2", "tulu3"):
        assert TokenCounter(None, make(family))._marks is not None  # type: ignore[arg-type]


def test_what_does_not_follow_the_marks_is_rendered() -> None:
    counter = TokenCounter.named("nano")
    strange = [("user", "Hi."), ("user", "Hi?"), ("tool", "4"), ("assistant", "<think>x</think> Hello.")]
    assert counter.count([strange])[0] > 5
    assert counter.count([]) == [] and counter.count([[("user", "")]])[0] > 0


def test_counts_are_those_of_the_tokenizer() -> None:
    counter = TokenCounter.named("nano")
    talks = [turns(at % 2 == 0, ["What is 17 + 4?", "It is 21.", "Thanks!"][: 1 + at % 3]) for at in range(40)]
    chat, tokenizer = counter._chat, counter._tokenizer
    assert chat is not None
    for talk, count in zip(talks, counter.count(talks), strict=True):
        text = chat.whole([{"role": role, "content": content} for role, content in talk])  # type: ignore[typeddict-item]
        assert count == len(tokenizer.encode(text, add_special_tokens=False).ids)


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"has no tokenizer\.json"):
        TokenCounter.named(str(tmp_path))
