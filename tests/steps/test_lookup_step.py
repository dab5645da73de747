"""Lookup: a column's value stands for a text, or for one of several."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk.errors import RowFailed
from smoltalk.steps.lookup import Lookup

STEP = Lookup(of="style", column="prompt", where={"short": "Be short.", "kind": ("Be kind.", "Be nice.", "Be warm.")})


def looked_up(step: Lookup, **row: Any) -> Any:
    return asyncio.run(step.write(row, None))[step.column]  # type: ignore[arg-type]


def test_a_value_becomes_its_text() -> None:
    assert STEP.reads() == {"id", "style"} and STEP.writes() == {"prompt"} and not STEP.engines()
    assert looked_up(STEP, id="a", style="short") == "Be short."


def test_several_texts_are_shared_evenly_and_a_row_keeps_its_own() -> None:
    drawn = [looked_up(STEP, id=f"row {n}", style="kind") for n in range(600)]
    assert drawn == [looked_up(STEP, id=f"row {n}", style="kind") for n in range(600)]
    counts = Counter(drawn)
    assert counts.keys() == set(STEP.where["kind"]) and min(counts.values()) > 150


def test_another_seed_or_column_draws_anew() -> None:
    ids = [f"row {n}" for n in range(40)]
    drawn = [looked_up(STEP, id=one, style="kind") for one in ids]
    for other in (STEP.model_copy(update={"seed": 1}), STEP.model_copy(update={"column": "other"})):
        assert drawn != [looked_up(other, id=one, style="kind") for one in ids]


@pytest.mark.parametrize("value", ["sharp", None, 3, ["short"]])
def test_a_value_that_is_not_listed_fails_the_row(value: Any) -> None:
    with pytest.raises(RowFailed) as failed:
        looked_up(STEP, id="a", style=value)
    assert failed.value.kind == "not_listed"


def test_mistakes_are_said() -> None:
    assert list(STEP.check()) == []
    assert len(list(Lookup(of="style", column="style", where={"a": "b"}).check())) == 1
    for where in ({}, {"a": ()}):
        with pytest.raises(ValidationError):
            Lookup(of="style", column="prompt", where=where)
