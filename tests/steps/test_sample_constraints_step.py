"""`sample_constraints`: the same row gets the same constraints, the instruction states each of them."""

import asyncio
from typing import Any

import pytest

from smoltalk.constraints import read
from smoltalk.errors import RowFailed, UserError
from smoltalk.steps.sample_constraints import SampleConstraints

TASK = "Describe a barn that nobody uses."


def sampled(id: str = "0123", task: Any = TASK, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": id, "task": task}
    return asyncio.run(SampleConstraints(**fields).write(row, None))  # type: ignore[arg-type]


def test_the_row_decides() -> None:
    assert sampled() == sampled()
    assert sampled() != sampled(id="0124")
    assert sampled() != sampled(seed=1)


def test_the_instruction_states_them() -> None:
    places = set()
    for number in range(60):
        row = sampled(id=str(number))
        asked = read(row["constraints"])
        assert 1 <= len(asked) <= 4
        assert row["instruction"] in (f"{TASK}\n\n{row['constraint_text']}", f"{row['constraint_text']}\n\n{TASK}")
        places.add(row["instruction"].startswith(TASK))
    assert places == {True, False}


def test_the_request_to_repeat_stands_above_the_sentence_that_speaks_of_it() -> None:
    for number in range(60):
        row = sampled(id=str(number), among=("combination:repeat_prompt",))
        assert row["constraints"] == [{"id": "combination:repeat_prompt", "kwargs": {"prompt_to_repeat": TASK}}]
        assert row["instruction"].startswith(TASK)


def test_how_many_and_which() -> None:
    for number in range(40):
        row = sampled(
            id=str(number), min=2, max=2, among=("keywords", "punctuation:no_comma"), without=("keywords:frequency",)
        )
        ids = {one["id"] for one in row["constraints"]}
        assert len(ids) == 2
        assert ids <= {
            "keywords:existence",
            "keywords:forbidden_words",
            "keywords:letter_frequency",
            "punctuation:no_comma",
        }


def test_a_relaxed_instruction_lacks_one_of_them() -> None:
    for number in range(40):
        row = sampled(id=str(number), min=2, relaxed="easier")
        assert TASK in row["easier"]
        assert len(row["easier"]) < len(row["instruction"])
    assert sampled(max=1, relaxed="easier")["easier"] == TASK


def test_no_task_fails_the_row() -> None:
    for task in (None, " ", 3):
        with pytest.raises(RowFailed):
            sampled(task=task)


def test_mistakes_are_said() -> None:
    with pytest.raises(UserError, match="did you mean `keywords`"):
        SampleConstraints(among=("keyword",))
    assert len(list(SampleConstraints(min=3, max=2).check())) == 1
    assert len(list(SampleConstraints(among=("keywords",), without=("keywords",)).check())) == 1
    assert len(list(SampleConstraints(into="task").check())) == 1
    assert list(SampleConstraints(relaxed="easier").check()) == []


def test_columns() -> None:
    step = SampleConstraints(of="prompt", relaxed="easier")
    assert step.reads() == {"prompt"}
    assert step.writes() == {"constraints", "constraint_text", "instruction", "easier"}
