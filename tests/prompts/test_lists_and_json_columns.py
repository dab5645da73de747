"""Columns of a JSON reply that hold lists of texts, or any JSON value."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk import prompts
from smoltalk.errors import BadReply, UserError
from smoltalk.prompts.json_value import DEEPEST, LARGEST

HEADER = '---\nreturns: {ideas: "list[str]", plan: json}\n---\nPlan {{ topic }}\n'


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> prompts.Template:
    path = tmp_path_factory.mktemp("templates") / "plan.j2"
    path.write_text(HEADER)
    return prompts.Template("plan.j2", path)


def parse(template: prompts.Template, **reply: Any) -> dict[str, Any]:
    return template.parse(json.dumps({"ideas": [], "plan": 1} | reply))


def test_texts_of_a_list_are_clean_and_may_be_none(template: prompts.Template) -> None:
    assert parse(template, ideas=[" a ", "b<|im_end|>"])["ideas"] == ["a", "b< |im_end|>"]
    assert parse(template, ideas=[])["ideas"] == []


@pytest.mark.parametrize(
    ("ideas", "complaint"),
    [
        ("a, b", '`ideas` is "a, b", not a list of texts'),
        (None, "`ideas` is null, not a list of texts"),
        (["a", 2], "text 2 of `ideas` is 2, not of type string"),
        (["a", ["b"]], 'text 2 of `ideas` is ["b"], not of type string'),
        (["a", " \n"], "text 2 of `ideas` is empty"),
    ],
)
def test_a_wrong_list_is_told(template: prompts.Template, ideas: Any, complaint: str) -> None:
    with pytest.raises(BadReply) as caught:
        parse(template, ideas=ideas)
    assert str(caught.value) == f"schema: {complaint}"


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [None, True, 2**63 - 1, -0.5, "x", [], {}, {"steps": [{"do": "x", "n": 1}, None]}, deep(DEEPEST)]
)
def test_any_json_value_is_kept_as_it_is(template: prompts.Template, value: Any) -> None:
    assert parse(template, plan=value)["plan"] == value
    jsonschema.validate({"ideas": ["a"], "plan": value}, template.schema() or {})


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("9" * 400, "holds an integer of more than 64 bits"),
        ("NaN", "holds nan, which is no JSON number"),
        ("[1, -Infinity]", "holds -inf, which is no JSON number"),
        (json.dumps(deep(DEEPEST + 1)), "nested more than 32 deep"),
        (json.dumps("x" * LARGEST), f"takes {LARGEST + 2:,} characters as JSON, more than 100,000"),
    ],
)
def test_what_no_file_could_hold_is_refused(template: prompts.Template, value: str, complaint: str) -> None:
    with pytest.raises(BadReply, match=complaint):
        template.parse(f'{{"ideas": [], "plan": {value}}}')


def test_keys_and_texts_inside_are_neutralised(template: prompts.Template) -> None:
    assert parse(template, plan={"<|a|>": ["<|b|>\0"]})["plan"] == {"< |a|>": ["< |b|>\ufffd"]}


def test_json_columns_are_told_apart(template: prompts.Template) -> None:
    assert template.json_columns() == {"plan"}
    assert template.writes() == {"ideas", "plan"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(_json, _json)
def test_what_is_taken_fits_the_schema_and_the_journal(template: prompts.Template, ideas: Any, plan: Any) -> None:
    try:
        row = parse(template, ideas=ideas, plan=plan)
    except BadReply as bad:
        assert bad.kind == "schema"
        return
    jsonschema.validate({"ideas": ideas, "plan": plan}, template.schema() or {})
    assert orjson.loads(orjson.dumps(row)) == row


@pytest.mark.parametrize(
    ("returns", "line", "told"),
    [
        ("{a: list[str]}", 2, "put quotes around text that holds `[`"),
        ("{a: [str]}", 2, '`a` could only ever be the label `str`\n    a list of texts is `a: "list[str]"`'),
        ("\n  a: str\n  b: [json]", 4, "`b` could only ever be the label `json`\n    write `b: json`"),
        ("{a: list}", 2, "`list[str]`, `json`, `messages` or a list"),
        ("{a: messages}\ncolumn: b", 3, "`column` goes with `returns: text` and `returns: messages` only"),
        ("messages\ncolumn: id", 3, "column `id` belongs to the row"),
        ("messages\nchoice: [a]", 3, "`choice` goes with `returns: text` only"),
        ("dialogue", 2, "must be one of `text`, `messages` or a mapping"),
    ],
)
def test_a_mistaken_header_is_told_by_line(tmp_path: Path, returns: str, line: int, told: str) -> None:
    path = tmp_path / "t.j2"
    path.write_text(f"---\nreturns: {returns}\n---\nx\n")
    with pytest.raises(UserError) as caught:
        prompts.Template("t.j2", path)
    problem = caught.value.problems[0]
    assert problem.line == line and told in str(problem)


def test_a_template_writes_lists_and_mappings_as_json(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_text(
        "---\nreturns: text\ncolumn: a\n---\n"
        "{{ ideas }} {{ plan.n }} {{ plan | tojson }} {% for one in ideas %}{{ one }};{% endfor %} {{ bare }}\n"
    )
    row = {"ideas": ["it's <ä>", "b"], "plan": {"n": 1, "deep": [True, None]}, "bare": {}}
    assert prompts.Template("t.j2", path).render(row)[0]["content"] == (
        '["it\'s <ä>", "b"] 1 {"n": 1, "deep": [true, null]} it\'s <ä>;b; {}'
    )
