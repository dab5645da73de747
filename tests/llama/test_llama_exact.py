"""Sums on the exact grid have no order: any arrangement of rows and terms gives the same bits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.llama.cache import Cache
from smoltalk.llama.exact import WEIGHT_BITS, on_grid
from smoltalk.llama.forward import Chunk, Llama


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 40), inner=st.integers(1, 700))
def test_products_do_not_depend_on_order_or_shape(seed: int, rows: int, inner: int) -> None:
    rng = np.random.default_rng(seed)
    x = on_grid(rng.normal(size=(rows, inner)))
    weights = on_grid(rng.normal(size=(inner, 24)) * 0.2, WEIGHT_BITS)
    whole, order = x @ weights, rng.permutation(inner)
    assert np.array_equal(whole, x[:, order] @ weights[order])
    assert np.array_equal(whole[-1], x[-1] @ weights)


def test_float32_products_do_depend_on_order() -> None:
    """Or else the grid would be needless."""
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(9, 700)).astype("f"), rng.normal(size=(700, 24)).astype("f")
    order = rng.permutation(700)
    assert not np.array_equal(x @ weights, x[:, order] @ weights[order])


@given(value=st.floats(-1000, 1000), bits=st.integers(4, 24))
def test_rounding_moves_by_half_a_step_at_most(value: float, bits: int) -> None:
    rounded = float(on_grid(np.array([value]), bits)[0])
    assert rounded * 2**bits == int(rounded * 2**bits)
    assert abs(rounded - value) <= 2.0**-bits / 2


def test_logits_are_the_same_bits_alone_and_in_company(exact: Llama) -> None:
    """As one prompt, token by token, in another slot, among neighbours that come in another order."""
    rng = np.random.default_rng(1)
    company = rng.integers(3, exact.shape.vocabulary, (9, 30))
    steps = np.arange(30)
    alone = exact.logits(
        exact.hidden(Cache(exact.shape, exact.dtype, 1), company[4], steps, 0 * steps, chunks=[Chunk(0, 0, 0, 30)])
    )
    for slots in (rng.permutation(9), rng.permutation(12)[:9]):
        cache = Cache(exact.shape, exact.dtype, 12)
        for step in steps:
            hidden = exact.hidden(cache, company[:, step], np.full(9, step), slots, singles=9)
            assert np.array_equal(exact.logits(hidden)[4], alone[step])
