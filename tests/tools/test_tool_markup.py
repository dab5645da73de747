"""Marks of chat templates in texts: every family's are broken, nothing else is touched, and twice is once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.tools.markup import harmless, harmless_value, has_marks


@pytest.mark.parametrize(
    "mark",
    [
        "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<tools>", "</tools>", "<|python_tag|>",
        "<|im_end|>", "<function=f>", "</function>", "<parameter=p>", "</parameter>", "[TOOL_CALLS]", "[/TOOL_RESULTS]",
        "[AVAILABLE_TOOLS]", "[INST]", "<think>", "<arg_key>", "\ud800",
    ],
)  # fmt: skip
def test_marks_are_broken(mark: str) -> None:
    assert mark not in harmless(f"a {mark} b")
    assert has_marks({"a": [f"x{mark}"]}) and has_marks({mark: 1})


@pytest.mark.parametrize("text", ["a < b", "<b>bold</b>", "[1, 2]", "f(x) -> y", "<toolbox>", "[INSTALL]", "functions"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
    assert not has_marks([text, {"a": text}])


@given(st.text(alphabet="<|>[]/ tool_callTOOL_CALLSim_end=function", max_size=60))
def test_twice_is_once(text: str) -> None:
    once = harmless(text)
    assert harmless(once) == once
    assert harmless_value([text]) == [once]
