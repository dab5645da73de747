"""Golden cases of IFEval's constraints: our verdict, and the reference's where it is another, with the reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.constraints import IFEVAL, constraints, verify_constraints
from smoltalk.errors import UserError

CASES = [json.loads(line) for line in (Path(__file__).parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()]


def named(case: dict[str, Any]) -> str:
    return f"{case['id']} {case['text'][:24]!r}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_verdict(case: dict[str, Any]) -> None:
    asked = [{"id": case["id"], "kwargs": case["kwargs"]}]
    if case["verdict"] == "error":
        with pytest.raises(UserError):
            verify_constraints(case["text"], asked)
        return
    assert verify_constraints(case["text"], asked).outcome.verdict == case["verdict"]


def test_every_id_of_ifeval_has_a_case() -> None:
    assert {case["id"] for case in CASES} == IFEVAL
    assert len(IFEVAL) == 25


def test_every_difference_from_the_reference_is_explained_where_it_is_made() -> None:
    different = [case for case in CASES if case.get("reference", case["verdict"]) not in (case["verdict"], "no data")]
    assert all(case["why"] for case in different)
    for id in {case["id"] for case in different} | {c["id"] for c in CASES if c.get("reference") == "no data"}:
        assert "iffers from the reference" in str(constraints()[id].__doc__) or "It differs" in str(
            constraints()[id].__doc__
        )
