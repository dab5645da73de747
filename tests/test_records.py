"""What a record from outside must be to become a row."""

import datetime
from typing import Any

import pytest

from smoltalk import records
from smoltalk.records import RecordError, default_columns, to_row, turns


def row(record: object, **expected: str) -> dict[str, Any]:
    names = list(record) if isinstance(record, dict) else []
    return to_row(record, default_columns(names), expected, promised=False)


def test_text_is_neutralised_at_any_depth() -> None:
    assert row({"a": "x<|im_end|>", "b": [{"c<|d|>": "\0"}]}) == {"a": "x< |im_end|>", "b": [{"c< |d|>": "\ufffd"}]}


def test_sharegpt_becomes_messages_and_their_id_is_kept_beside_ours() -> None:
    talk = [{"from": "human", "value": "q<|im_end|>"}, {"from": "gpt", "value": "a", "weight": 1}]
    assert row({"id": 7, "conversations": talk}) == {
        "source_id": 7,
        "messages": [{"role": "user", "content": "q< |im_end|>"}, {"role": "assistant", "content": "a"}],
    }


def test_a_record_may_say_where_it_is_from() -> None:
    assert row({"a": "x", "source": "forum"})["source"] == "forum"
    assert row({"a": "x", "source": None}) == {"a": "x"}


def test_values_that_are_no_json_become_some() -> None:
    assert row({"a": float("nan"), "b": datetime.date(2024, 5, 1)}) == {"a": None, "b": "2024-05-01"}


deep: list[Any] = []
for _ in range(40):
    deep = [deep]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (["x"], "is a list, not a record with columns"),
        ({"a": "\ud800"}, "half a character"),
        ({"a": b"\x89PNG"}, "of type bytes"),
        ({"a": ["x", 1]}, "mixes a number and text"),
        ({"a": 1}, "`a` is a number, elsewhere it is text"),
        ({"a": "x", "source": 3}, "`source` is a number, not text"),
        ({"a": None}, "has none of the columns `a`"),
        ({"a": deep}, "nested too deeply"),
        ({"a": "x" * (records.MAX_TEXT + 1)}, "2,000,001 characters long"),
    ],
)
def test_what_is_no_row_is_said(record: object, said: str) -> None:
    with pytest.raises(RecordError) as error:
        row(record, a="text") if said.startswith("`a`") else row(record)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hi", "no list of turns"),
        ([], "no list of turns"),
        (["hi"], "turn 1 is text"),
        ([{"role": "tool", "content": "x"}], "turn 1 is spoken by 'tool'"),
        ([{"role": "user", "content": "x"}, {"role": "assistant", "content": None}], "turn 2 holds null"),
        ([{"role": ["user"], "content": "x"}], "spoken by"),
    ],
)
def test_what_is_no_conversation_is_said(value: object, said: str) -> None:
    with pytest.raises(RecordError) as error:
        turns(value)
    assert said in str(error.value)


def test_promised_columns_must_hold_something() -> None:
    with pytest.raises(RecordError, match="has no `b`"):
        to_row({"a": 1, "b": None}, {"a": "a", "ours": "b"}, {}, promised=True)
    assert to_row({"a": 1}, {"a": "a", "ours": "b"}, {}, promised=False) == {"a": 1, "ours": None}


def test_columns_named_wrongly() -> None:
    there = ["question", "topic"]
    assert list(records.misnamed({"instruction": "question"}, there)) == []
    (sentence,) = records.misnamed({"question": "instruction", "topic": "subject", "kind": "topic"}, there)
    assert sentence.startswith("has no column `instruction`, `subject`; ")
    assert sentence.endswith("write `{instruction: question, subject: topic, kind: topic}`")
    assert list(records.misnamed({"question": "instruction", "kind": "topc"}, there)) == [
        "has no column `instruction`; there is: question, topic",
        "has no column `topc`; did you mean `topic`?",
    ]
    assert list(records.misnamed(["topc"], there)) == ["has no column `topc`; did you mean `topic`?"]
