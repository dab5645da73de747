"""Matrix products whose sums are exact, so that a reply never depends on what else is in the batch.

A BLAS adds up a dot product in an order that depends on the row's place in the matrix, the matrix's shape, the number
of threads and the processor; in floating point that changes the last bits, and now and then a sampled token. Here every
factor is first rounded to a multiple of a fixed power of two and the product is computed in float64. All partial sums
are then multiples of 2^-(a+b) below 2^(53-a-b), which float64 holds exactly: every order gives the same bits.
Exponentials are taken in float32, element by element. This costs half the speed of float32 products.

The bound on sums of magnitudes (2^11 in a linear layer, 2^13 in attention scores) is some ten times what a small Llama
reaches. A model beyond it still gets float64 accuracy; only the guarantee on the last bits is lost.
"""

import numpy as np

from smoltalk.llama.weights import Array

ACTIVATION_BITS = 20
"""Inputs of linear layers, queries, keys and values are multiples of 2^-20, about 1e-6."""
WEIGHT_BITS = 22
PROBABILITY_BITS = 24


def on_grid(x: Array, bits: int = ACTIVATION_BITS) -> Array:
    """`x` rounded in place to multiples of 2^-bits if it is float64; float32, which is not exact, is left alone.

    Adding 1.5 * 2^(52 - bits) leaves float64 no room for finer digits; subtracting it again leaves the rounded number.
    """
    if x.dtype != np.float64:
        return x
    anchor = 1.5 * 2.0 ** (52 - bits)
    x += anchor
    x -= anchor
    return x
