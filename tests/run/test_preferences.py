"""Figures over pairs: lengths, winners, and whether margin goes with length, against the textbook's formulas."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.run.card_of_pairs import preferences
from smoltalk.run.preferences import Preferences


def seen(*pairs: tuple[int, int, Any]) -> Preferences:
    found = Preferences()
    for chosen, rejected, margin in pairs:
        found.see(chosen, rejected, {"margin": margin})
    return found


def test_lengths_are_counted() -> None:
    found = seen((10, 4, None), (5, 5, None), (1, 3, None), (8, 0, None))
    assert (found.pairs, found.chosen_longer, found.same_length, found.mean_difference) == (4, 2, 1, 3.0)
    assert found.longer_share == 0.625 and found.correlation is None


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.floats(0, 9)), min_size=2, max_size=30))
def test_correlation_is_pearsons(pairs: list[tuple[int, int, float]]) -> None:
    margins, longer = [margin for *_, margin in pairs], [float(chosen - rejected) for chosen, rejected, _ in pairs]
    found = seen(*pairs).correlation
    if len(set(margins)) > 1 and len(set(longer)) > 1 and statistics.pvariance(margins) > 1e-9:
        assert found == pytest.approx(statistics.correlation(margins, longer), abs=1e-6)
    assert found is None or -1 <= found <= 1


@pytest.mark.parametrize("margin", [None, "2", True, math.nan, math.inf])
def test_what_is_no_margin_is_left_out(margin: Any) -> None:
    assert seen((3, 1, margin), (5, 1, 0.5)).margins == 1


def test_winners_are_told_most_frequent_first() -> None:
    found = Preferences()
    for chosen, rejected in [("a", "b"), ("b", "a"), ("a", "b"), ("a", None)]:
        found.see(2, 1, {"chosen_by": chosen, "rejected_by": rejected, "margin": 1})
    told = preferences(found)
    assert "| `a` | `b` | 2 |\n| `b` | `a` | 1 |" in told and "None" not in told
    assert "| pairs whose chosen answer is longer | 4 (100%) |" in told
    assert "none: one of them never varies" in told and "With 4 pairs these figures are mostly chance." in told
