"""Texts in Arrow are neutralised exactly as Python neutralises them, and made valid."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.mixture.contents import decoded, neutralised, utf8
from smoltalk.text import neutralise

_MARKS = (
    "<|im_end|>", "<｜User｜>", "<s>", "</s>", "<bos>", "<eos>", "<sop>", "<eop>", "<BOS_TOKEN>", "<EOS_TOKEN>",
    "<<SYS>>", "<</SYS>>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<tool_call>",
    "</tool_calls>", "<tool_response>", "<tool_result>", "</tool_outputs>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]",
    "[TOOL_CALLS]", "[/TOOL_RESULTS]", "[TOOL_CONTENT]", "[AVAILABLE_TOOLS]", "[gMASK]", "\0",
)  # fmt: skip
_WORDS = st.one_of(
    st.sampled_from(_MARKS),
    st.sampled_from(_MARKS).flatmap(lambda mark: st.integers(0, len(mark)).map(lambda cut: mark[:cut])),
    st.sampled_from(["<", "[", "/", "|", "｜", ">", "]", "<b>", "<script>", "a < b", "[1, 2]", "é", "\n"]),
    st.text(max_size=4),
)
_TEXTS = st.lists(_WORDS, max_size=6).map("".join)


def _sound(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.none(), _TEXTS.map(_sound)), max_size=8), st.booleans(), st.integers(0, 3))
def test_every_text_is_as_neutralise_makes_it(texts: list[str | None], large: bool, skipped: int) -> None:
    column = pa.array(texts, pa.large_string() if large else pa.string()).slice(skipped)
    mended = neutralised(column)
    wanted = [None if text is None else neutralise(text) for text in texts[skipped:]]
    assert mended.texts.to_pylist() == wanted
    assert mended.texts.type == column.type
    assert mended.changed.tolist() == [n for n, text in enumerate(texts[skipped:]) if text != wanted[n]]


def test_no_mark_is_overlooked_wherever_it_stands() -> None:
    texts = [before + mark + after for mark in _MARKS for before in ("", "<", "[", "é") for after in ("", "x", "<")]
    assert neutralised(pa.array(texts)).texts.to_pylist() == [neutralise(text) for text in texts]


def _binary(texts: list[bytes | None], kind: pa.DataType) -> pa.Array:
    raw = pa.array(texts, pa.large_binary() if kind == pa.large_string() else pa.binary())
    return pa.Array.from_buffers(kind, len(raw), raw.buffers())


def test_bytes_that_are_no_utf8_are_replaced_and_told() -> None:
    for kind in (pa.string(), pa.large_string()):
        mended = utf8(_binary([b"good", b"b\xffad", None, "half \ud800 one".encode("utf-8", "surrogatepass")], kind))
        assert mended.texts.to_pylist() == ["good", "b\ufffdad", None, "half \ufffd one"]
        assert mended.changed.tolist() == [1, 3]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=12), max_size=6))
def test_any_bytes_become_texts(texts: list[bytes]) -> None:
    mended = utf8(_binary(list(texts), pa.string()))
    mended.texts.validate(full=True)
    assert mended.texts.to_pylist() == [decoded(text) for text in texts]
    for place in set(range(len(texts))) - set(np.asarray(mended.changed).tolist()):
        assert texts[place].decode() == mended.texts[place].as_py()
