"""Calls of tools: every way of being malformed has its label, and what fits passes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.verifiers.tool_calls import ToolCalls


def tool(name: str, properties: dict[str, Any], required: list[str], **more: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required, **more}
    return {"type": "function", "function": {"name": name, "description": "Does it.", "parameters": parameters}}


WAIT = tool(
    "wait",
    {
        "minutes": {"type": "integer", "minimum": 1, "maximum": 60},
        "unit": {"type": "string", "enum": ["s", "min"]},
        "code": {"type": "string", "pattern": "^[A-Z]+$"},
        "label": {"type": ["string", "null"]},
        "stops": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "place": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]},
    },
    ["minutes"],
)
ECHO = tool("echo", {"text": {"type": "string"}}, ["text"])
NOTHING = tool("nothing", {}, [])
OPEN = tool("open", {"a": {"type": "number"}}, [], additionalProperties={"type": "string"})
TOOLS = [WAIT, ECHO, NOTHING, OPEN]


def call(name: str = "wait", **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def said(calls: Any, **fields: Any) -> tuple[str, str]:
    row = {"calls": calls, "tools": TOOLS, "plan": fields.pop("plan", None)}
    outcome = ToolCalls(**({"planned": "plan"} if row["plan"] is not None else {}), **fields).verify(row)
    return outcome.verdict, outcome.reason


@pytest.mark.parametrize(
    "calls",
    [
        [],
        "[]",
        [call(minutes=5)],
        '[{"name": "wait", "arguments": {"minutes": 5}}]',
        [call(minutes=5, unit="s", code="AB", label=None, stops=["a"], place={"x": 1})],
        [call(minutes=5.0)],
        [call("nothing")],
        [call("open", a=1, other="text")],
        [call(minutes=1), call(minutes=2), call("echo", text="<b>not a mark</b> [1]")],
        [{"type": "function", "id": "a", "function": {"name": "echo", "arguments": '{"text": "x"}'}}],
    ],
)
def test_calls_that_fit_pass(calls: Any) -> None:
    assert said(calls) == ("pass", "")


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ("[{", "not_json: the reply is not JSON"),
        ("[NaN]", "not_json: "),
        ('[{"name": "wait", "arguments": {"minutes": 99999999999999999999}}]', "not_allowed: "),
        ([call("open", a=2**70)], "not_json: "),
        ([call("open", a=float("nan"))], "not_json: "),
        ([call("echo", text="\ud800")], "not_json: "),
        (None, "not_a_list: "),
        (call(minutes=5), "not_a_list: "),
        ("Sure, I will call it.", "not_json: "),
        ([[]], "not_a_call: call 1 is "),
        (["wait(minutes=5)"], "not_a_call: call 1 is 'wait(minutes=5)'"),
        ([call(minutes=5), {}], "no_name: call 2 "),
        ([{"name": 3, "arguments": {}}], "no_name: "),
        ([{"name": "wait"}], "no_arguments: call 1, `wait`"),
        ([{"name": "wait", "parameters": {"minutes": 5}}], "extra_key: call 1 has `parameters`"),
        ([{"name": "wait", "arguments": [5]}], "arguments_not_an_object: "),
        ([{"name": "wait", "arguments": "minutes=5"}], "arguments_not_an_object: "),
        ([call("wait_for", minutes=5)], "unknown_tool: call 1, `wait_for`: "),
        ([call("Wait", minutes=5)], "unknown_tool: "),
        ([call()], "missing_argument: call 1, `wait`: `minutes` is missing"),
        ([call(minutes=5, place={})], "missing_argument: call 1, `wait`: `place.x` is missing"),
        ([call(minutes=5, hours=1)], "unknown_argument: call 1, `wait`: there is no argument `hours`"),
        ([call("nothing", x=1)], "unknown_argument: "),
        ([call(minutes="5")], "wrong_type: call 1, `wait`: `minutes` is '5', not of type integer"),
        ([call(minutes=True)], "wrong_type: "),
        ([call(minutes=None)], "wrong_type: "),
        ([call(minutes=5, stops="a")], "wrong_type: "),
        ([call(minutes=5, stops=["a", 1])], "wrong_type: call 1, `wait`: `stops.1` is 1"),
        ([call("open", other=1)], "wrong_type: "),
        ([call(minutes=0)], "not_allowed: "),
        ([call(minutes=5, unit="h")], "not_allowed: call 1, `wait`: `unit` is 'h', not one of ['s', 'min']"),
        ([call(minutes=5, code="ab")], "not_allowed: "),
        ([call(minutes=5, stops=["a", "b", "c"])], "not_allowed: "),
        ([call(minutes=5), call(minutes=5)], "repeated_call: call 2"),
        ([call("echo", text="x</tool_call>\n<tool_call>{}")], "markup: "),
        ([call("echo", text="<|im_end|>")], "markup: "),
        ([call("echo", text="[TOOL_CALLS]")], "markup: "),
        ([call("echo", text=str(i)) for i in range(17)], "too_many_calls: 17 calls, 16 at most"),
    ],
)
def test_what_is_malformed_says_how(calls: Any, reason: str) -> None:
    verdict, why = said(calls)
    assert (verdict, why[: len(reason)]) == ("fail", reason)


@pytest.mark.parametrize(
    ("calls", "plan", "reason"),
    [
        ([], [], ""),
        ([call(minutes=1), call("echo", text="")], ["echo", "wait"], ""),
        ([call(minutes=1), call(minutes=2)], ["wait", "wait"], ""),
        ([], ["wait"], "called_nothing: `wait` would have served"),
        ([call("nothing")], [], "should_not_call: no tool fits, and `nothing` was called"),
        ([call(minutes=1)], ["wait", "wait"], "not_as_planned: `wait` was called where `wait` (2 times) was wanted"),
        ([call(minutes=1)], ["echo"], "not_as_planned: "),
    ],
)
def test_calls_are_held_against_what_was_planned(calls: Any, plan: list[str], reason: str) -> None:
    assert said(calls, plan=plan)[1][: len(reason) or None] == reason


@pytest.mark.parametrize(
    "tools",
    [
        None,
        [{}],
        [{"type": "function", "function": {"name": "a b", "description": "x", "parameters": {"type": "object"}}}],
        [tool("remote", {"a": {"$ref": "https://example.org/schema"}}, [])],
        [tool("odd", {"a": {"type": "text"}}, [])],
        [tool("slow", {"a": {"type": "string", "pattern": "(?=a)"}}, [])],
    ],
)
def test_schemas_that_cannot_be_read_are_nobodys_fault(tools: Any) -> None:
    outcome = ToolCalls().verify({"calls": [], "tools": tools})
    assert outcome.verdict == "unknown" and outcome.reason.startswith("unreadable_tools: ")


def test_a_pattern_cannot_stall_on_hostile_text() -> None:
    hostile = tool("hostile", {"a": {"type": "string", "pattern": "^(a+)+$"}}, ["a"])
    outcome = ToolCalls().verify({"calls": [call("hostile", a="a" * 5000 + "!")], "tools": [hostile]})
    assert outcome.reason.startswith("not_allowed: ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
likely = st.fixed_dictionaries({"name": st.sampled_from(["wait", "echo", "x"]), "arguments": json_values})


@given(st.lists(likely | json_values, max_size=3) | json_values)
def test_whatever_a_model_says_gets_a_verdict(calls: Any) -> None:
    verdict, reason = said(calls)
    assert verdict in ("pass", "fail")
    assert (verdict == "pass") == (reason == "")
    reason.encode("utf-8")


def test_columns_must_differ() -> None:
    assert list(ToolCalls().check()) == []
    assert len(list(ToolCalls(of="tools").check())) == 1
    assert ToolCalls(planned="plan").reads() == {"calls", "tools", "plan"}
