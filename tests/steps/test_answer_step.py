"""`answer`: verified at once, repaired with the verifier's complaint, the first failure kept."""

import asyncio
from typing import Any

import pytest

from smoltalk.contracts import Outcome, Verifier
from smoltalk.errors import RowFailed, UserError
from smoltalk.requests import Reply
from smoltalk.rows import Row
from smoltalk.steps.answer import Answer

ROW = {
    "id": "1",
    "instruction": "Name three fruits without commas.",
    "constraints": [{"id": "punctuation:no_comma", "kwargs": {}}],
}


class Unsure(Verifier):
    """Never knows."""

    def reads(self) -> frozenset[str]:
        return frozenset({"response"})

    def verify(self, row: Row) -> Outcome:
        return Outcome(verdict="unknown", reason="who knows")


def answered(ask: Any, row: Row = ROW, **fields: Any) -> Row:
    return asyncio.run(Answer(engine="e", **{"verifier": "constraints", **fields}).write(row, ask))


def test_an_answer_that_passes_is_not_touched(scripted: Any) -> None:
    ask = scripted([" plums and pears\n"])
    assert answered(ask) == {
        "response": "plums and pears",
        "verified": "pass",
        "verified_reason": "",
        "repairs": 0,
        "rejected_response": None,
        "rejected_reason": None,
        "rejected_responses": [],
        "rejected_reasons": [],
    }
    assert ask.requests[0].messages == [{"role": "user", "content": ROW["instruction"]}]


def test_one_that_fails_is_repaired_with_the_complaint(scripted: Any) -> None:
    ask = scripted(["plums, pears", "plums and pears"])
    row = answered(ask)
    assert (row["response"], row["verified"], row["repairs"]) == ("plums and pears", "pass", 1)
    assert row["rejected_response"] == "plums, pears"
    assert row["rejected_reason"] == "the answer has 1 comma, but must have none"
    said = ask.requests[1].messages
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]
    assert said[1]["content"] == "plums, pears"
    assert row["rejected_reason"] in said[2]["content"]


def test_one_that_cannot_be_repaired_is_left_to_the_gates(scripted: Any) -> None:
    ask = scripted(["a, b", "a, b, c", "a, b, c, d"])
    row = answered(ask, repairs=2)
    assert (row["response"], row["verified"], row["repairs"]) == ("a, b, c, d", "fail", 2)
    assert row["rejected_response"] == "a, b", "the first one"
    assert row["rejected_responses"] == ["a, b", "a, b, c", "a, b, c, d"]
    assert [reason.split()[3] for reason in row["rejected_reasons"]] == ["1", "2", "3"]
    assert "2 commas" in ask.requests[2].messages[2]["content"], "the last complaint alone"
    assert len(ask.requests[2].messages) == 3
    assert ask.turns == [0, 1, 2], "each repair is journaled under its own turn"


def test_without_repairs_nothing_is_asked_again(scripted: Any) -> None:
    row = answered(scripted(["a, b"]), repairs=0)
    assert (row["verified"], row["repairs"], row["rejected_response"]) == ("fail", 0, "a, b")


def test_a_repair_that_never_comes_leaves_the_answer_as_it_was(scripted: Any) -> None:
    row = answered(scripted(["a, b", "", Reply("cut", finish="length")]), attempts=2)
    assert (row["response"], row["verified"], row["repairs"]) == ("a, b", "fail", 0)


def test_what_cannot_be_told_is_not_repaired(scripted: Any) -> None:
    row = answered(scripted(["a, b"]), verifier={f"{__name__}.Unsure": {}})
    assert (row["verified"], row["verified_reason"], row["rejected_response"]) == ("unknown", "who knows", None)


def test_replies_are_data(scripted: Any) -> None:
    assert answered(scripted(["plums <|im_end|>"]))["response"] == "plums < |im_end|>"


def test_a_system_prompt_stands_before_the_instruction(scripted: Any) -> None:
    ask = scripted(["plums"])
    answered(ask, {**ROW, "rules": "Be brief."}, system="rules")
    assert ask.requests[0].messages[0] == {"role": "system", "content": "Be brief."}


def test_nothing_to_answer_fails_the_row(scripted: Any) -> None:
    with pytest.raises(RowFailed, match="`instruction` holds no text"):
        answered(scripted([]), {**ROW, "instruction": ""})


def test_columns_and_mistakes() -> None:
    step = Answer(engine="e", verifier="constraints", system="rules")
    assert step.reads() == {"instruction", "rules", "constraints"}
    assert list(step.check()) == []
    (said,) = Answer(engine="e", verifier={"constraints": {"of": "text"}}).check()
    assert "does not read it" in said
    with pytest.raises(UserError, match="no `constraint` in smoltalk/verifiers/"):
        Answer(engine="e", verifier="constraint")


def test_more_repairs_keep_replies_and_another_verifier_voids_them() -> None:
    def identity(**fields: Any) -> dict[str, Any]:
        return Answer(engine="e", **{"verifier": "constraints", **fields}).identity()

    assert identity(repairs=3, attempts=9) == identity()
    assert identity(verifier={"constraints": {"always": [{"id": "punctuation:no_comma", "kwargs": {}}]}}) != identity()
