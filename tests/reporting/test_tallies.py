"""Distributions of lengths: what is summed up piece by piece is what NumPy says of all of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.reporting.tallies import LengthTally

SIZES = st.lists(st.integers(0, 300_000), min_size=1, max_size=60)


def tally_of(*parts: list[int]) -> LengthTally:
    """Parts counted on their own and merged."""
    whole = LengthTally()
    for part in parts:
        one = LengthTally()
        one.add(np.array(part, np.int64))
        whole.merge(one)
    return whole


@given(SIZES, SIZES)
def test_parts_add_up(one: list[int], two: list[int]) -> None:
    merged, whole = tally_of(one, two), tally_of(one + two)
    assert merged.histogram() == whole.histogram()
    assert (merged.rows, merged.total, merged.longest) == (len(one + two), sum(one + two), max(one + two))


@given(SIZES, st.sampled_from([0.05, 0.5, 0.95]))
def test_quantiles_are_those_of_the_numbers(sizes: list[int], share: float) -> None:
    exact = float(np.quantile(sizes, share, method="inverted_cdf"))
    assert tally_of(sizes).quantile(share) == pytest.approx(exact, rel=0.02)


@given(SIZES)
def test_every_number_is_in_its_bin(sizes: list[int]) -> None:
    found = tally_of(sizes).histogram()
    assert sum(found.counts) == len(sizes)
    small = [size for size in sizes if size < 16_384]
    edges = [edge for edge in found.edges if edge <= 16_384]
    expected, _ = np.histogram([size for size in small if size < edges[-1]], edges)
    if len(edges) > 1:
        assert found.counts[: len(edges) - 1] == expected.tolist()


def test_turns_have_a_bin_each() -> None:
    found = tally_of([2, 2, 3, 90]).histogram(linear=True)
    assert found.edges[:4] == [0, 1, 2, 3]
    assert found.counts[:4] == [0, 0, 2, 1]
    assert found.counts[-1] == 1, "what is past the last edge stands in the last bin"


def test_nothing_counted() -> None:
    assert tally_of([]).histogram().counts == [0]
    assert tally_of([]).quantile(0.5) == 0
