"""Text of tools, calls and results that no chat template can mistake for its own marks.

Templates write calls between marks of their own (`<tool_call>`, `[TOOL_CALLS]`), which are plain text to a tokenizer:
an argument that holds one would end the call, and what follows it would be read as another.
"""

import re
from typing import Any

from smoltalk.text import neutralise, with_texts

_TAGS = (
    "tool_calls?|tool_response|tool_result|tools|functioncall|function_calls?|function=|parameter=|invoke|think|"
    "arg_key|arg_value"
)
_BRACKETS = "TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|TOOL_CONTENT|CALL_ID|ARGS|INST"
_MARK = re.compile(rf"<(?=/?(?:{_TAGS})\b|/?(?:function|parameter)[=>])|\[(?=/?(?:{_BRACKETS})\])")
"""Hermes and Qwen, GLM, Mistral and their kin; what stands between `<|` and `|>` is seen to by `neutralise`."""


def harmless(text: str) -> str:
    """The text with every mark broken by a space, as `neutralise` breaks control tokens; idempotent."""
    text = neutralise(text)
    return _MARK.sub(lambda mark: f"{mark[0]} ", text) if "<" in text or "[" in text else text


def harmless_value(value: Any) -> Any:
    """A JSON value with all its texts and keys harmless."""
    return with_texts(value, harmless)


def has_marks(value: Any) -> bool:
    """Whether a JSON value holds a mark or a control token in any text or key."""
    return bool(harmless_value(value) != value)
