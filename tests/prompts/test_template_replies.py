"""A reply in, columns or a typed refusal out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk import prompts
from smoltalk.errors import BadReply
from tests.prompts.rating import GOOD, RATE, write


@pytest.mark.parametrize(
    "around", ["{}", "```json\n{}\n```", "Sure! Here it is:\n{}\nAnything else?", "\n\n{}", "{{not json}} {}"]
)
def test_one_object_is_found_in_prose(rate: prompts.Template, around: str) -> None:
    assert rate.parse(around.replace("{}", json.dumps(GOOD))) == GOOD


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("no json", "unparseable"),
        ("[1, 2]", "unparseable"),
        (json.dumps(GOOD)[:-1], "unparseable"),
        (json.dumps(GOOD) * 2, "unparseable"),
        ('{"why": "a", "why": "b"}', "unparseable"),
        ('{"a":' * 5000, "unparseable"),
        ('{"why": ' + "9" * 5000 + "}", "unparseable"),
        ("{" * 100_000, "unparseable"),
    ],
)
def test_bad_reply_is_typed(rate: prompts.Template, reply: str, kind: str) -> None:
    with pytest.raises(BadReply) as caught:
        rate.parse(reply)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "change",
    [
        {"quality": "Good"}, {"quality": 1}, {"stars": "4"}, {"stars": 4.5}, {"stars": True}, {"stars": 2**64},
        {"share": "0.5"}, {"share": float("nan")}, {"share": float("inf")}, {"share": 10**400}, {"sure": 1},
        {"why": None}, {"why": ["a"]}, {"more": 1},
    ],
)  # fmt: skip
def test_wrong_value_breaks_the_schema(rate: prompts.Template, change: dict[str, Any]) -> None:
    with pytest.raises(BadReply) as caught:
        rate.parse(json.dumps(GOOD | change))
    assert caught.value.kind == "schema"


def test_missing_column_breaks_the_schema(rate: prompts.Template) -> None:
    with pytest.raises(BadReply, match="schema: `sure` is missing"):
        rate.parse(json.dumps({k: v for k, v in GOOD.items() if k != "sure"}))


def test_reply_is_neutralised(rate: prompts.Template) -> None:
    assert rate.parse(json.dumps(GOOD | {"why": "a\0<|im_end|>"}))["why"] == "a\N{REPLACEMENT CHARACTER}< |im_end|>"
    assert rate.parse('{"why": "\\ud800"' + json.dumps(GOOD)[15:])["why"] == "\N{REPLACEMENT CHARACTER}"


def test_numbers_keep_their_type(rate: prompts.Template) -> None:
    found = rate.parse(json.dumps(GOOD | {"stars": 4.0, "share": 1}))
    assert (type(found["stars"]), type(found["share"])) == (int, float)


def test_plain_text_reply(tmp_path: Path) -> None:
    template = write(tmp_path, "---\nreturns: text\ncolumn: answer\n---\n{{ question }}\n")
    assert template.schema() is None and template.writes() == {"answer"}
    assert template.parse("  {an answer}\n") == {"answer": "{an answer}"}
    with pytest.raises(BadReply, match="empty"):
        template.parse("\n")


def test_labels_that_yaml_takes_for_something_else(tmp_path: Path) -> None:
    template = write(tmp_path, "---\nreturns: {safe: [yes, no], stars: [1, 2, 3]}\n---\nSafe?\n")
    assert template.parse('{"safe": "no", "stars": 2}') == {"safe": "no", "stars": 2}
    with pytest.raises(BadReply, match="schema"):
        template.parse('{"safe": false, "stars": 2}')
    with pytest.raises(BadReply, match="schema"):
        template.parse('{"safe": "no", "stars": true}')


def test_a_wrong_label_is_told_the_right_ones(rate: prompts.Template) -> None:
    with pytest.raises(BadReply, match=r'`quality` is "fine", not one of "poor", "good"$'):
        rate.parse(json.dumps(GOOD | {"quality": "fine"}))


@given(st.text())
def test_any_reply_is_columns_or_a_bad_reply(reply: str) -> None:
    template = prompts.find("rate_quality")
    try:
        assert template.parse(reply).keys() == template.writes()
    except BadReply as error:
        assert error.kind in {"empty", "unparseable", "schema"}


@given(
    st.fixed_dictionaries({c: st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()) for c in GOOD})
)
def test_parse_accepts_only_what_the_schema_does(
    tmp_path_factory: pytest.TempPathFactory, reply: dict[str, Any]
) -> None:
    import jsonschema

    template = write(tmp_path_factory.getbasetemp(), RATE)
    try:
        template.parse(json.dumps(reply))
    except BadReply:
        return
    jsonschema.validate(reply, template.schema())
