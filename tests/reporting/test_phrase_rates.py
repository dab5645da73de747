"""Rates beside a reference: a set of the reference's own words comes out at about 1, whatever its size."""

import numpy as np
import pytest

from smoltalk.reporting.measuring import Measured
from smoltalk.reporting.phrases_of import phrases
from smoltalk.reporting.reference import Reference
from smoltalk.reporting.tells import Told, tells

NAMES = [tell.phrase for tell in tells()]


def told(**times: int) -> Told:
    """This often each, in as many rows."""
    found = np.zeros(len(NAMES), np.int64)
    for name, often in times.items():
        found[NAMES.index(name)] = often
    return Told(found, found.copy())


def measured(rows: int, words: int, **times: int) -> Measured:
    """Rows with these phrases."""
    return Measured(rows=rows, spoke=rows, spoken_words=words, told=told(**times))


REFERENCE = Reference("some texts", 1_000, 100_000, told(delve=10, tapestry=4))


@pytest.mark.parametrize("size", [1, 10, 1_000])
def test_what_is_like_the_reference_comes_out_at_one(size: int) -> None:
    found = phrases(measured(1_000 * size, 100_000 * size, delve=10 * size, tapestry=4 * size), REFERENCE)
    assert found is not None
    ratios = {one.phrase: one.ratio for one in found.phrases if one.ratio is not None}
    assert set(ratios) == {"delve", "tapestry"}, "of the others there is too little on both sides"
    assert ratios["delve"] == pytest.approx(1, abs=0.15)
    assert found.index == pytest.approx(1, abs=0.05)


def test_rates_are_of_rows_or_of_words() -> None:
    found = phrases(measured(200, 50_000, delve=100, **{"Certainly!": 20}), REFERENCE)
    assert found is not None
    by_name = {one.phrase: one for one in found.phrases}
    assert (by_name["Certainly!"].unit, by_name["Certainly!"].rate) == ("per 1,000 rows", 100)
    assert (by_name["delve"].unit, by_name["delve"].rate, by_name["delve"].reference) == ("per 1,000 words", 2, 0.1)
    assert by_name["delve"].ratio == pytest.approx(100 / 5, rel=0.2)
    assert by_name["Certainly!"].ratio == pytest.approx(20.5 / 0.6, rel=0.01)
    assert {one.phrase for one in found.phrases[:2]} == {"delve", "Certainly!"}
    assert found.index is not None and found.index > 2


def test_little_text_says_little() -> None:
    found = phrases(measured(5, 60), REFERENCE)
    assert found is not None
    assert all(one.ratio is None or one.ratio == pytest.approx(1, abs=0.1) for one in found.phrases)


def test_an_empty_reference_compares_nothing() -> None:
    found = phrases(measured(10, 100, delve=5), Reference("nothing", 0, 0, told()))
    assert found is not None
    assert found.index is None
    assert all(one.ratio is None and one.reference is None for one in found.phrases)
    assert phrases(measured(0, 0), REFERENCE) is None
