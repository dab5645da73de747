"""Draws the next tokens: temperature, nucleus (top-p) and a random number that depends on seed and position alone."""

import numpy as np
from numpy.typing import NDArray

from smoltalk.llama.exact import F64, PROBABILITY_BITS, on_grid

Ids = NDArray[np.intp]
U64 = NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: U64) -> U64:
    """The output function of SplitMix64 (Steele, Lea, Flood 2014, OOPSLA): every input bit reaches every output bit."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seeds: U64, steps: U64) -> F64:
    """Numbers in [0, 1), one for each (seed, step): a counter-based generator needs no state per request."""
    bits = _mix(_mix(seeds + _GOLDEN) + _GOLDEN * (steps + np.uint64(1)))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(logits: F64, temperature: F64, top_p: F64, noise: F64) -> Ids:
    """One token a row from `logits` [rows, vocabulary]; the other arrays are [rows], `noise` in [0, 1).

    Temperature 0 takes the largest logit. Otherwise the token is where the cumulative probability passes `noise`.
    Nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751) keeps the fewest tokens whose probability reaches `top_p`.
    Sums are exact (see `exact`), so a row's token depends on the row alone.
    """
    best: Ids = logits.argmax(axis=1)
    if not temperature.any():
        return best
    scaled = (logits - logits.max(axis=1, keepdims=True)) / np.where(temperature > 0, temperature, 1.0)[:, None]
    weights = on_grid(np.exp(scaled, dtype=np.float32, casting="same_kind").astype(np.float64), PROBABILITY_BITS)
    for row in np.flatnonzero(top_p < 1):
        _keep_nucleus(weights[row], float(top_p[row]))
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1]
    target = np.minimum(noise * total, np.nextafter(total, 0))
    drawn = (cumulative <= target[:, None]).sum(axis=1)
    chosen: Ids = np.where(temperature > 0, drawn, best)
    return chosen


def _keep_nucleus(weights: F64, top_p: float) -> None:
    falling = np.sort(weights)[::-1]
    before = np.cumsum(falling) - falling
    kept = int((before < top_p * falling.sum()).sum())
    weights[weights < falling[kept - 1]] = 0
