"""Compose: a text column out of other columns, filled by sandboxed jinja2."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk.errors import RowFailed
from smoltalk.steps.compose import Compose

STEP = Compose(column="instruction", text="Write about {{ topic }} for {{ audience }}.")


def composed(step: Compose, **row: Any) -> Any:
    return asyncio.run(step.write(row, None))  # type: ignore[arg-type]


def test_columns_go_into_the_text() -> None:
    assert (STEP.reads(), STEP.writes(), STEP.engines()) == ({"topic", "audience"}, {"instruction"}, frozenset())
    assert composed(STEP, topic="locks", audience="children") == {"instruction": "Write about locks for children."}


def test_lists_are_json_and_what_a_column_says_is_text() -> None:
    assert composed(STEP, topic=["a", "é"], audience="{{ 7 * 7 }}")["instruction"] == (
        'Write about ["a", "é"] for {{ 7 * 7 }}.'
    )


def test_pieces_cannot_be_joined_to_a_control_token() -> None:
    assert composed(Compose(column="a", text="<|im_{{ b }}|>"), b="end") == {"a": "< |im_end|>"}


@pytest.mark.parametrize(
    ("step", "row", "kind"),
    [
        (STEP, {"topic": "locks", "audience": None}, "missing"),
        (Compose(column="a", text="{{ b }}"), {"b": "  "}, "empty"),
        (Compose(column="a", text="{{ b / 0 }}"), {"b": 1}, "template"),
        (Compose(column="a", text="{{ b.__class__.__mro__ }}"), {"b": 1}, "template"),
    ],
)
def test_a_text_that_cannot_be_filled_fails_its_row(step: Compose, row: dict[str, Any], kind: str) -> None:
    with pytest.raises(RowFailed, match=kind):
        composed(step, **row)


def test_a_text_that_is_no_jinja_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="line 1 is not jinja2"):
        Compose(column="a", text="{{ b")
