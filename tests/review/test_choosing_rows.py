"""Who is looked at: the same rows each time, those that were asked for, and never more than there are."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import UserError
from smoltalk.gates.at_least import AtLeast
from smoltalk.review.choosing import Candidate, choose

ROWS = [
    Candidate(
        n, {"id": f"r{n}", "category": "ab"[n % 4 == 0], "reward": float(n), "quality": "excellent", "note": "x" * n}
    )
    for n in range(40)
]  # fmt: skip
ROWS[7].columns["quality"] = "very poor"
ROWS[38].columns["quality"] = "very poor"


def chosen(sample: int, by: Any, rows: list[Candidate] = ROWS, **gates: Any) -> list[int]:
    return choose(lambda: iter(rows), sample, by, 3, gates)


@given(st.integers(1, 60), st.sampled_from(["random", "per_category"]))
def test_as_many_as_asked_in_row_order(sample: int, by: Any) -> None:
    found = chosen(sample, by)
    assert len(set(found)) == min(sample, len(ROWS)) and found == sorted(found) == chosen(sample, by)


def test_a_random_sample_does_not_depend_on_other_rows() -> None:
    assert set(chosen(10, "random")) & set(range(20)) <= set(chosen(10, "random", ROWS[:20]))


def test_categories_share_the_sample() -> None:
    found = Counter(ROWS[row].columns["category"] for row in chosen(12, "per_category"))
    assert found == {"a": 6, "b": 6}
    assert Counter(ROWS[row].columns["category"] for row in chosen(30, "per_category")) == {"a": 20, "b": 10}


def test_disagreement_takes_what_one_score_praises_and_another_damns() -> None:
    assert chosen(1, "disagreement") == [38]


def test_a_margin_is_the_distance_to_a_cut() -> None:
    assert chosen(3, "low_margin", at_least=AtLeast(column="reward", value=20.2)) == [19, 20, 21]
    assert chosen(2, "low_margin", at_least=AtLeast(column="reward", quantile=0.3)) == [0, 1]


def test_rows_without_a_score_come_last() -> None:
    rows = [*ROWS, Candidate(40, {"id": "none"})]
    assert 40 not in chosen(40, "low_margin", rows, at_least=AtLeast(column="reward", value=1.0))
    assert 40 not in chosen(40, "disagreement", rows)


@pytest.mark.parametrize("by", ["disagreement", "low_margin"])
def test_rows_that_nobody_scored_have_neither(by: Any) -> None:
    with pytest.raises(UserError, match="--by random"):
        chosen(5, by, [Candidate(n, {"id": str(n), "reward": 1.0}) for n in range(9)])
