"""Rows that a trainer could learn nothing, or the wrong thing, from."""

from typing import Any

import pytest

from smoltalk.train.faults import of_conversation, of_pair

U, A = ({"role": role, "content": "x"} for role in ("user", "assistant"))
SYSTEM, TOOL = ({"role": role, "content": "x"} for role in ("system", "tool"))
EMPTY = {"role": "assistant", "content": "  "}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"type": "function"}]}


@pytest.mark.parametrize("turns", [[U, A], [SYSTEM, U, A], [U, A, U, A], [U, CALL, TOOL, A], [U, CALL, TOOL, TOOL, A]])
def test_sound_conversations(turns: list[Any]) -> None:
    assert of_conversation(turns) == ""


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        (None, "holds no turns"),
        ([], "holds no turns"),
        ([U], "has no answer to learn"),
        ([U, U, A], "turns 1 and 2 are both of the user"),
        ([U, A, A], "turns 2 and 3 are both of the assistant"),
        ([U, EMPTY], "turn 2, of the assistant, is empty"),
        ([A, U, A], "turn 1 answers nothing"),
        ([SYSTEM, A], "turn 2 answers nothing"),
        ([U, A, U], "ends with a turn of the user"),
        ([U, SYSTEM, A], "stands first or not at all"),
        ([U, TOOL, A], "no call stands before it"),
        ([U, {"role": "assistant", "content": None}], "turn 2 holds no text"),
        ([U, {"role": "narrator", "content": "x"}], "spoken by 'narrator'"),
        (["x", "y"], "spoken by 'x'"),
    ],
)
def test_faulty_conversations(turns: Any, why: str) -> None:
    assert why in of_conversation(turns)


def pair(**parts: Any) -> dict[str, Any]:
    return {"prompt": [U], "chosen": [A], "rejected": [{**A, "content": "y"}], **parts}


def test_sound_pairs() -> None:
    assert of_pair(pair()) == ""
    assert of_pair(pair(prompt=None, chosen=[U, A], rejected=[U, {**A, "content": "y"}])) == ""
    assert of_pair({"prompt": "q", "chosen": "a", "rejected": "b"}) == ""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (pair(rejected=[A]), "say the same"),
        (pair(chosen=[]), "`chosen` holds no turns"),
        (pair(rejected=[EMPTY]), "`rejected`: turn 2, of the assistant, is empty"),
        (pair(prompt=[]), "`chosen`: turn 1 answers nothing"),
        (pair(prompt="q"), "leave `prompt` out"),
        (pair(chosen=[A, U]), "`chosen` does not end with an answer"),
        ({"prompt": "q", "chosen": "", "rejected": "b"}, "an answer is empty"),
    ],
)
def test_faulty_pairs(row: dict[str, Any], why: str) -> None:
    assert why in of_pair(row)
