"""Answers: who is asked, what one failure costs, and that no engine answers more often than another."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from smoltalk.contracts import Ask
from smoltalk.errors import RowFailed, UserError, WorldError
from smoltalk.requests import Reply, Request
from smoltalk.rows import Row
from smoltalk.steps.answers import Answers


def asked_by(**faults: Exception) -> tuple[Ask, list[tuple[str, int, Request]]]:
    """An `Ask` whose engines say their name and the turn; those named in `faults` raise."""
    seen: list[tuple[str, int, Request]] = []

    async def ask(engine: str, request: Request, parse: Any, *, turn: int = 0, attempts: int = 3) -> Any:
        seen.append((engine, turn, request))
        if engine in faults:
            raise faults[engine]
        return parse(Reply(f" {engine} says {turn} "))

    return ask, seen  # type: ignore[return-value]


def written(step: Answers, row: Row, **faults: Exception) -> Row:
    return asyncio.run(step.write({"id": "1", **row}, asked_by(**faults)[0]))


def test_one_engine_answers_n_times() -> None:
    found = written(Answers(engine="a", n=3), {"instruction": "q"})
    assert found == {"answers": ["a says 0", "a says 1", "a says 2"], "answered_by": ["a"] * 3, "answers_failed": []}


def test_every_answer_has_a_turn_of_its_own_and_the_question_as_it_stands() -> None:
    ask, seen = asked_by()
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
    asyncio.run(Answers(engine=("a", "b"), n=4, of="messages").write({"id": "1", "messages": chat}, ask))
    assert [(engine, turn) for engine, turn, _ in seen] == [("a", 0), ("b", 1), ("a", 2), ("b", 3)]
    assert all(request.messages == chat for *_, request in seen)


def test_engines_that_do_not_divide_n_answer_equally_often_over_rows() -> None:
    step = Answers(engine=("a", "b", "c"), n=2)
    rows = [asyncio.run(step.write({"id": str(i), "instruction": "q"}, asked_by()[0])) for i in range(300)]
    by = Counter(name for row in rows for name in row["answered_by"])
    assert set(by) == {"a", "b", "c"} and min(by.values()) > 150


def test_an_engine_that_fails_costs_its_answers_and_not_the_row() -> None:
    fault = RowFailed("truncated", "cut off")
    found = written(Answers(engine=("a", "b"), n=4), {"instruction": "q"}, b=fault)
    assert found["answers"] == ["a says 0", "a says 2"] and found["answered_by"] == ["a", "a"]
    assert found["answers_failed"] == ["b: truncated", "b: truncated"]


def test_a_row_without_any_answer_fails_as_its_engine_did() -> None:
    with pytest.raises(RowFailed, match="truncated"):
        written(Answers(engine="a", n=2), {"instruction": "q"}, a=RowFailed("truncated"))


def test_a_world_that_fails_is_not_a_row_that_does() -> None:
    with pytest.raises(WorldError, match="gone"):
        written(Answers(engine=("a", "b"), n=2), {"instruction": "q"}, b=WorldError("gone"))


def test_a_template_asks_with_its_words_and_reads_its_columns() -> None:
    ask, seen = asked_by()
    step = Answers(engine="a", n=1, template="answer")
    assert step.reads() == {"instruction"} and step.writes() == {"answers", "answered_by", "answers_failed"}
    asyncio.run(step.write({"id": "1", "instruction": "What is 1 + 2?"}, ask))
    assert seen[0][2].messages == [{"role": "user", "content": "What is 1 + 2?"}]


def test_a_template_of_columns_is_refused() -> None:
    with pytest.raises(UserError, match="an answer is a text"):
        Answers(engine="a", template="rate_quality")


def test_nothing_to_answer_fails_the_row() -> None:
    with pytest.raises(RowFailed, match="nothing to answer"):
        written(Answers(engine="a"), {"instruction": ""})


def test_an_answer_holds_no_control_tokens_and_an_empty_one_is_none() -> None:
    step = Answers(engine="a")
    assert step._parse(Reply("hi<|im_end|>")) == "hi< |im_end|>"
    for reply, kind in ((Reply("  "), "empty"), (Reply("half", "length"), "truncated")):
        with pytest.raises(Exception, match=kind):
            step._parse(reply)


def test_who_is_first_of_several_is_part_of_what_is_asked() -> None:
    assert Answers(engine=("a", "b")).identity() != Answers(engine=("b", "a")).identity()
    assert Answers(engine="a").identity() == Answers(engine="b").identity()


def test_mistakes_are_told() -> None:
    assert "twice" in "".join(Answers(engine=("a", "a")).check())
    assert "pool" in "".join(Answers(engine=("a", "b"), n=1).check())
    assert not list(Answers(engine=("a", "b"), n=2).check())
