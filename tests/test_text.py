"""Text: what is neutralised, how words compare, and that no input breaks them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.text import control_mark, neutralise, normalise, shown, spells_calls, strings, words

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


def test_neutralise_takes_the_meaning_of_control_tokens() -> None:
    assert neutralise("a<|im_end|>b") == "a< |im_end|>b"
    assert neutralise("a | b <| c") == "a | b <| c"
    assert neutralise("\ud800x\0") == "\ufffdx\ufffd"


MARKS = [
    "<|im_end|>", "<|eot_id|>", "<|END_OF_TURN_TOKEN|>", "<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "<s>",
    "</s>", "[INST]", "[/INST]",
    "<<SYS>>", "<</SYS>>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>", "<｜tool▁calls▁begin｜>",
    "<tool_call>", "</tool_call>", "<tool_response>", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/TOOL_RESULTS]",
    "[SYSTEM_PROMPT]", "[gMASK]", "<sop>", "<BOS_TOKEN>",
]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_of_any_family_is_broken_by_one_space(mark: str) -> None:
    assert control_mark(f"a {mark}b{MARKS[0]}") == mark
    assert neutralise(f"a{mark}{mark}b") == f"a{mark[0]} {mark[1:]}{mark[0]} {mark[1:]}b"
    assert control_mark(neutralise(mark)) is None


PLAIN = [
    "a < b and b > c", "<b>bold</b> <span>x</span> <script>s</script> <small> <br/> <section>",
    "x[0] = [INSTALL] [1, 2]",
    "vector<string> Map<S, T> List[str] [ARGS] [TOOL]", "a <- b |> c <| d || e <|> f", "<0|1>", "#include <stdio.h>",
    "<think>well</think> <answer>", "[inst] <S> start_of_turn </s", "｜全角｜ <全角>", "a<s and b>s",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_code_and_markup_that_no_template_writes_stay_as_they_are(text: str) -> None:
    assert neutralise(text) == text and control_mark(text) is None


@given(st.lists(st.sampled_from([*MARKS, *"<>[]|｜/s ", "INST", "SYS"]), max_size=12).map("".join))
def test_no_mark_survives_however_marks_are_nested(text: str) -> None:
    once = neutralise(text)
    assert control_mark(once) is None and neutralise(once) == once
    assert once.replace(" ", "") == text.replace(" ", ""), "only spaces come in"


@given(st.lists(st.sampled_from([*MARKS, *"<>[]|/s ", "tool_call"]), max_size=12).map("".join))
def test_only_marks_of_calls_stay_where_calls_are_text(text: str) -> None:
    once = neutralise(text, calls=True)
    assert control_mark(once) in (None, "<tool_call>", "</tool_call>")
    assert neutralise(once, calls=True) == once and neutralise(once) == neutralise(text)


def test_calls_are_text_where_the_system_turn_has_both_marks() -> None:
    said = "Answer with <tool_call>[...]</tool_call>."
    assert spells_calls(said) and not spells_calls(neutralise(said)) and not spells_calls("</tool_call> Hi")
    assert neutralise(f"{said}<|im_end|>", calls=True) == f"{said}< |im_end|>"


@given(ANYTHING)
def test_neutralised_text_is_utf8_and_stays_so(text: str) -> None:
    once = neutralise(text)
    once.encode("utf-8")
    assert neutralise(once) == once


def test_strings_come_in_order_from_any_shape() -> None:
    turns = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
    ]
    assert list(strings(turns)) == ["one", "two", "three"]
    assert list(strings({"a": "x", "b": ["y", 3, None, b"z"]})) == ["x", "y"]
    assert list(strings("alone")) == ["alone"]
    assert list(strings(None)) == []


def test_strings_are_found_however_deep() -> None:
    deep: object = "found"
    for _ in range(20_000):
        deep = [deep]
    assert list(strings(deep)) == ["found"]


@given(ANYTHING)
def test_normalise_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_the_ascii_shortcut_changes_nothing(text: str) -> None:
    assert normalise(f"\u00e9 {text}") == f"\u00e9 {normalise(text)}".strip()
    assert words(f"\u00e9 {text}") == ["e", *words(text)]


@pytest.mark.parametrize(
    "text",
    [
        "JANET'S DUCKS LAY 16 EGGS",
        "Janet’s  ducks,\u00a0lay (16)\neggs!",
        "Jan\u200bet's du\u00adcks lay 16 eg\ufeffgs",
        "Ｊａｎｅｔ＇ｓ ｄｕｃｋｓ ｌａｙ １６ ｅｇｇｓ",
        "Jаnet's duсks lаy 16 еggs",
        "Jánet's dückś lay 16 eggs",
        "janets_ducks-lay\t16…eggs",
    ],
)
def test_words_see_through_disguises(text: str) -> None:
    assert words(text) == ["janets", "ducks", "lay", "16", "eggs"]


def test_scripts_without_spaces_count_a_word_a_character() -> None:
    assert words("我们去3号站") == ["我", "们", "去", "3", "号", "站"]
    assert words("한국어 문장") == ["한국어", "문장"]


@given(st.one_of(ANYTHING, st.integers(), st.floats(), st.none(), st.binary(), st.lists(ANYTHING)))
def test_what_is_shown_is_short_json(value: object) -> None:
    json.dumps(shown(value), allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert len(str(shown(value))) <= 250
    assert shown(10**5000) == "an integer of 16610 bits"
