"""Intervals cover what they should, paired tests say what is known of them."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.eval.intervals import difference, estimate, holm, wilson

SHARES = st.lists(st.booleans(), min_size=2, max_size=60)


def of(values: list[bool]) -> list[tuple[float, float]]:
    return [(float(value), 1.0) for value in values]


@given(SHARES)
def test_the_interval_holds_the_figure(values: list[bool]) -> None:
    found = estimate(of(values))
    assert found is not None and found.items == len(values)
    assert 0 <= found.low <= found.value + 1e-9 and found.value - 1e-9 <= found.high <= 1


def test_a_ratio_of_sums_is_no_mean_of_ratios() -> None:
    found = estimate([(1, 1), (0, 3)])
    assert found is not None and found.value == 0.25


def test_items_without_anything_to_count_are_left_out() -> None:
    found = estimate([(1, 1), (0, 0), (0, 1)])
    assert found is not None and (found.value, found.items) == (0.5, 2)
    assert estimate([(0, 0)]) is None and estimate([]) is None


def test_where_all_agree_there_is_still_doubt() -> None:
    found = estimate(of([True] * 40))
    assert found is not None and found.value == 1 and found.low == pytest.approx(0.912, abs=1e-3)
    assert wilson(5, 10) == pytest.approx((0.237, 0.763), abs=1e-3)  # Newcombe 1998, Wilson's interval of 5 in 10


def test_a_margin_is_no_share() -> None:
    found = estimate([(0.0, 1.0)] * 10, share=False)
    assert found is not None and (found.value, found.low, found.high) == (0, 0, 0)
    differs = difference([(0.0, 1.0)] * 10, [(0.0, 1.0)] * 10, share=False)
    assert differs is not None and (differs.low, differs.high) == (0, 0)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = random.Random(5)
    held = 0
    for trial in range(200):
        found = estimate(of([rng.random() < 0.3 for _ in range(120)]), seed=trial)
        assert found is not None
        held += found.low <= 0.3 <= found.high
    assert 180 <= held <= 199


def test_of_right_and_wrong_the_paired_test_is_mcnemars() -> None:
    one, other = of([True] * 10 + [False] * 2 + [True] * 30), of([False] * 10 + [True] * 2 + [True] * 30)
    found = difference(one, other)
    assert found is not None and found.value == pytest.approx(8 / 42)
    assert found.p == pytest.approx(2 * (1 + 12 + 66) / 2**12)


def test_few_items_are_flipped_in_every_way() -> None:
    found = difference([(3, 1), (2, 1), (1.5, 1)], [(1, 1), (1, 1), (1, 1)])
    assert found is not None and found.p == pytest.approx(2 / 8)  # all signs alike: two of the eight patterns


def test_many_flips_agree_with_the_exact_test() -> None:
    rng = np.random.default_rng(3)
    a = [(float(value), 1.0) for value in rng.normal(0.35, 1, 60)]
    b = [(float(value), 1.0) for value in rng.normal(0.0, 1, 60)]
    found = difference(a, b)
    stats: Any = pytest.importorskip("scipy.stats")
    gained = [x[0] - y[0] for x, y in zip(a, b, strict=True)]
    exact = stats.permutation_test((gained,), np.mean, permutation_type="samples", n_resamples=20_000, rng=1)
    assert found is not None and found.p == pytest.approx(exact.pvalue, abs=0.02)


@given(SHARES)
def test_a_model_is_no_better_than_itself(values: list[bool]) -> None:
    found = difference(of(values), of(values))
    assert found is not None and (found.value, found.p) == (0, 1)


@given(SHARES, st.randoms(use_true_random=False))
def test_who_comes_first_only_changes_the_sign(values: list[bool], rng: random.Random) -> None:
    one, other = of(values), of(rng.sample(values, len(values)))
    there, back = difference(one, other), difference(other, one)
    assert there is not None and back is not None
    assert there.value == pytest.approx(-back.value) and there.p == pytest.approx(back.p)


def test_models_must_have_the_same_items() -> None:
    with pytest.raises(ValueError, match="different items"):
        difference(of([True]), of([True, False]))


def test_many_comparisons_are_read_with_more_care() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.5]) == pytest.approx([1.0, 1.0]) and holm([]) == []


def test_ties_alone_leave_doubt() -> None:
    found = estimate([(0.5, 1.0)] * 6)
    assert found is not None and (found.low, found.high) == pytest.approx((0.188, 0.812), abs=1e-3)
    words = estimate([(4.0, 1.0)] * 6)
    assert words is not None and (words.low, words.high) == (4, 4), "what is no share is as it is"


def test_models_that_differ_on_no_item_may_on_others() -> None:
    same = difference(of([True, False] * 5), of([True, False] * 5))
    assert same is not None and (same.low, same.high) == pytest.approx((-0.278, 0.278), abs=1e-3) and same.p == 1
    apart = difference(of([True] * 10), of([False] * 10))
    assert apart is not None and (apart.value, apart.high) == (1, 1) and apart.low == pytest.approx(0.722, abs=1e-3)
    words = difference([(4.0, 1.0)] * 5, [(2.0, 1.0)] * 5)
    assert words is not None and (words.low, words.high) == (2, 2), "what is no share is as it is"


def test_items_that_are_alike_are_drawn_as_one_and_alike() -> None:
    """Few kinds of items are drawn by how many there are of each, many kinds one by one: the same distribution."""
    rng = np.random.default_rng(5)
    right = [(float(value), 1.0) for value in rng.random(400) < 0.3]
    apart = [(value + 1e-9 * place, 1.0) for place, (value, _) in enumerate(right)]
    one, other = estimate(right), estimate(apart)
    assert one is not None and other is not None
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.006)
    assert len({*np.unique(apart, axis=0)[:, 0].tolist()}) == 400
