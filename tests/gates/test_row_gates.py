"""Gates that need one row and no memory: complete, one_of, at_least, length, decided."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk.contracts import KEEP, Gate, Verdict
from smoltalk.gates.at_least import AtLeast
from smoltalk.gates.complete import Complete
from smoltalk.gates.decided import Decided
from smoltalk.gates.length import Length
from smoltalk.gates.one_of import OneOf


def judge(gate: Gate, **row: Any) -> Verdict:
    return gate.open().judge({"id": "r", **row})


def chat(*roles: str) -> list[dict[str, str]]:
    return [{"role": role, "content": f"say {role}"} for role in roles]


@pytest.mark.parametrize(
    "roles", [("user", "assistant"), ("system", "user", "assistant"), ("user", "assistant", "user", "assistant")]
)
def test_complete_keeps_whole_conversations(roles: tuple[str, ...]) -> None:
    assert judge(Complete(), messages=chat(*roles)) == KEEP


@pytest.mark.parametrize(
    ("messages", "reason", "evidence"),
    [
        (None, "missing_column", {"column": "messages", "value": None}),
        ([], "missing_column", {"column": "messages", "value": "[]"}),
        ("hello", "broken_turns", {"expected": "a list of turns", "value": "hello"}),
        (chat("user"), "broken_turns", {"turn": 1, "role": None, "expected": "assistant"}),
        (chat("assistant"), "broken_turns", {"turn": 0, "role": "assistant", "expected": "system or user"}),
        (chat("user", "user"), "broken_turns", {"turn": 1, "role": "user", "expected": "assistant"}),
        (chat("system"), "broken_turns", {"turn": 1, "role": None, "expected": "user"}),
        (chat("user", "assistant", "system"), "broken_turns", {"turn": 2, "role": "system", "expected": "user"}),
        (["hi"], "broken_turns", {"turn": 0, "role": None, "expected": "system or user"}),
        (
            [{"role": ["user"], "content": "x"}],
            "broken_turns",
            {"turn": 0, "role": "['user']", "expected": "system or user"},
        ),
        ([*chat("user"), {"role": "assistant", "content": " \n"}], "empty_turn", {"turn": 1, "role": "assistant"}),
        ([{"role": "user"}], "empty_turn", {"turn": 0, "role": "user"}),
    ],
)
def test_complete_names_the_first_fault(messages: Any, reason: str, evidence: dict[str, Any]) -> None:
    assert judge(Complete(), messages=messages) == Verdict(False, reason, evidence)


def test_complete_looks_at_every_named_column() -> None:
    gate = Complete(columns=("instruction", "score"))
    assert gate.reads() == {"instruction", "score"}
    assert judge(gate, instruction="do it", score=0) == KEEP
    assert judge(gate, instruction="do it") == Verdict(False, "missing_column", {"column": "score", "value": None})
    assert judge(gate, instruction="  ", score=1).evidence == {"column": "instruction", "value": "  "}


def test_one_of_keeps_equal_values_only() -> None:
    gate = OneOf(column="quality", values=("good", "excellent"))
    assert gate.reads() == {"quality"}
    assert judge(gate, quality="good") == KEEP
    evidence = {"column": "quality", "value": "bad"}
    assert judge(gate, quality="bad") == Verdict(False, "quality_not_wanted", evidence)
    assert judge(gate).evidence == {"column": "quality", "value": None}
    assert not judge(gate, quality=["good"]).keep


def test_one_of_says_why_where_the_row_does() -> None:
    gate = OneOf(column="verified", values=("pass",))
    assert judge(gate, verified="fail", verified_reason="one comma").evidence["reason"] == "one comma"
    for nothing in (None, " ", 3):
        assert "reason" not in judge(gate, verified="fail", verified_reason=nothing).evidence


def test_one_of_keeps_rows_that_it_is_not_about() -> None:
    gate = OneOf(column="agreed", values=("pass",), only={"task": ("math", "physics")})
    assert gate.reads() == {"agreed", "task"}
    assert judge(gate, agreed="unknown", task="code") == KEEP
    assert [judge(gate, agreed=word, task="math").keep for word in ("pass", "unknown", "fail")] == [True, False, False]


def test_one_of_converts_nothing() -> None:
    gate = OneOf(column="n", values=(1, "2", False))
    assert [judge(gate, n=n).keep for n in (1, 1.0, "2", False)] == [True] * 4
    assert [judge(gate, n=n).keep for n in (True, "1", 2, 0, "false")] == [False] * 5


def test_at_least_a_value() -> None:
    gate = AtLeast(column="reward", value=0.5)
    assert (gate.reads(), gate.calibrates_on()) == ({"reward"}, 0)
    assert judge(gate, reward=0.5) == KEEP
    evidence = {"column": "reward", "value": 0.49, "cut": 0.5}
    assert judge(gate, reward=0.49) == Verdict(False, "reward_too_low", evidence)


@pytest.mark.parametrize("value", [None, "0.9", True, math.nan, math.inf, 10**400, [1]])
def test_at_least_takes_numbers_only(value: Any) -> None:
    assert judge(AtLeast(column="reward", value=-1), reward=value).reason == "not_a_number"


def test_at_least_a_quantile_of_the_sample() -> None:
    gate = AtLeast(column="reward", quantile=0.3, calibrate=10)
    assert gate.calibrates_on() == 10
    sample: list[dict[str, Any]] = [{"reward": n} for n in (9, 1, 8, 2, 7, 3, 6, 4, 5, 0)]
    cut = gate.open([*sample, {"reward": "high"}, {}])
    assert [cut.judge(row).keep for row in sample].count(True) == 7
    assert cut.judge({"reward": 2.5}).evidence == {"column": "reward", "value": 2.5, "cut": 3.0}
    assert cut.judge({"reward": 100}) == KEEP


def test_at_least_without_a_number_in_the_sample_cuts_nothing() -> None:
    cut = AtLeast(column="reward", quantile=0.3).open([{"reward": None}])
    assert cut.judge({"reward": -5}) == KEEP
    assert cut.judge({"reward": None}).reason == "not_a_number"


@pytest.mark.parametrize("fields", [{}, {"value": 1, "quantile": 0.5}])
def test_at_least_wants_exactly_one_cut(fields: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="exactly one of `value` and `quantile`"):
        AtLeast(column="reward", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields", [{"quantile": 0}, {"quantile": 1}, {"value": math.nan}, {"quantile": 0.5, "calibrate": 0}]
)
def test_at_least_refuses_impossible_cuts(fields: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        AtLeast(column="reward", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("unit", "length"), [("chars", 6 + 8 + 13), ("words", 6), ("turns", 2)])
def test_length_in_every_unit(unit: Any, length: int) -> None:
    messages = chat("system", "user", "assistant")
    messages[0]["content"] = "be ok!"
    assert judge(Length(unit=unit, min=length, max=length), messages=messages) == KEEP
    short = {"column": "messages", "unit": unit, "length": length, "min": length + 1}
    assert judge(Length(unit=unit, min=length + 1), messages=messages) == Verdict(False, "too_short", short)
    long = {"column": "messages", "unit": unit, "length": length, "max": length - 1}
    assert judge(Length(unit=unit, max=length - 1), messages=messages) == Verdict(False, "too_long", long)


def test_length_of_a_column() -> None:
    gate = Length(of="text", min=1)
    assert gate.reads() == {"text"}
    assert judge(gate, text="word") == KEEP
    assert judge(gate, text="").reason == "too_short"
    assert judge(gate) == Verdict(False, "missing_column", {"column": "text"})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({}, "`min`, `max` or both"), ({"min": 5, "max": 4}, "no row can pass"), ({"min": -1}, "greater than or equal")],
)
def test_length_refuses_impossible_bounds(fields: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Length(**fields)  # type: ignore[arg-type]


# ---------------------------------------------------------------- pairs of answers

PAIR: dict[str, Any] = {"prompt": chat("user"), "chosen": chat("assistant"), "rejected": "no"}


def test_complete_keeps_pairs_that_dpo_trainers_take() -> None:
    gate = Complete(columns=("prompt", "chosen", "rejected"))
    assert judge(gate, **PAIR) == KEEP
    assert judge(gate, **{**PAIR, "prompt": "Hi", "chosen": "yes"}) == KEEP
    assert judge(gate, **{**PAIR, "prompt": chat("system", "user", "assistant", "user")}) == KEEP


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("chosen", [], "missing_column"),
        ("prompt", chat("user", "assistant"), "broken_turns"),
        ("chosen", chat("user"), "broken_turns"),
        ("chosen", chat("assistant", "user"), "broken_turns"),
        ("chosen", [{"role": "assistant", "content": " "}], "empty_turn"),
        ("rejected", ["no"], "broken_turns"),
        ("rejected", [{"role": "assistant", "content": "SAY  assistant"}], "same_answers"),
    ],
)
def test_complete_rejects_what_is_no_pair(column: str, value: Any, reason: str) -> None:
    verdict = judge(Complete(columns=("prompt", "chosen", "rejected")), **{**PAIR, column: value})
    assert (verdict.keep, verdict.reason) == (False, reason)
    assert reason == "same_answers" or verdict.evidence["column"] == column


def test_length_counts_the_words_of_an_answer_of_a_pair() -> None:
    assert judge(Length(of="chosen", min=2, max=2), **PAIR) == KEEP
    assert judge(Length(of="chosen", min=3), **PAIR).evidence["length"] == 2


def test_decided_rejects_with_the_word_of_the_step() -> None:
    assert judge(Decided(), choice="made") == KEEP
    verdict = judge(Decided(), choice="tie", scores=[1.0, 1.0], answers=["a", "b"])
    assert (verdict.keep, verdict.reason) == (False, "tie")
    assert verdict.evidence == {"answers": "['a', 'b']", "scores": "[1.0, 1.0]"}
    assert judge(Decided(), choice=None).reason == "missing_column"


def test_decided_takes_no_text_of_a_column_for_a_reason() -> None:
    for said in ("whatever a model wrote", "", ["tie"], 3):
        verdict = judge(Decided(column="response"), response=said)
        assert (verdict.keep, verdict.reason) == (False, "unknown_choice")
        assert verdict.evidence["said"] == (said if isinstance(said, str | int) else "['tie']")


# ---------------------------------------------------------------- conversations with tools

CALLING = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "add"}}]}
ASKED, TOLD, SAID = chat("user"), chat("tool"), chat("assistant")


@pytest.mark.parametrize(
    "messages", [[*ASKED, CALLING], [*ASKED, CALLING, *TOLD, *SAID], [*ASKED, CALLING, *TOLD, CALLING]]
)
def test_complete_keeps_calls_and_what_tools_say_to_them(messages: list[dict[str, Any]]) -> None:
    assert judge(Complete(), messages=messages) == KEEP


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([*ASKED, *TOLD, *SAID], "broken_turns"),
        ([*ASKED, CALLING, *TOLD], "broken_turns"),
        ([*ASKED, CALLING, *SAID], "broken_turns"),
        ([*ASKED, {**CALLING, "tool_calls": []}], "empty_turn"),
    ],
)
def test_complete_rejects_calls_that_nobody_answers_in_turn(messages: list[dict[str, Any]], reason: str) -> None:
    assert judge(Complete(), messages=messages).reason == reason
