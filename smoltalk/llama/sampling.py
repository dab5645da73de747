"""Draws the next tokens: temperature, nucleus (top-p) and a random number that depends on seed and position alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smoltalk.llama.exact import PROBABILITY_BITS, on_grid
from smoltalk.llama.weights import Array

U64 = NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

LOGIT_ERROR = 5e-4
"""How far a float32 logit may be from the exact one; over six times what is measured on nano."""
_SUM_ERROR = 1e-5
"""What float32 exponentials may add to a cumulative probability."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One token a row, and whether logits off by `LOGIT_ERROR` could have given another."""

    tokens: Array
    doubtful: Array


def _mix(z: U64) -> U64:
    """The output function of SplitMix64 (Steele, Lea, Flood 2014, OOPSLA): every input bit reaches every output bit."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seeds: U64, steps: U64) -> Array:
    """Numbers in [0, 1), one for each (seed, step): a counter-based generator needs no state per request."""
    bits = _mix(_mix(seeds + _GOLDEN) + _GOLDEN * (steps + np.uint64(1)))
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(logits: Array, temperature: Array, top_p: Array, noise: Array) -> Draw:
    """One token a row from `logits` [rows, vocabulary]; the other arrays are [rows], `noise` in [0, 1).

    Temperature 0 takes the largest logit. Otherwise the token is where the cumulative probability passes `noise`.
    Nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751) keeps the fewest tokens whose probability reaches `top_p`.
    Sums are exact (see `exact`), so a row's token depends on its logits alone.
    """
    rows = np.arange(len(logits))
    greedy = temperature == 0
    best = logits.argmax(axis=1)
    scaled = (logits - logits[rows, best][:, None]).astype(np.float64)
    if greedy.all():
        return Draw(best, (scaled > -2 * LOGIT_ERROR).sum(axis=1) > 1)
    error = LOGIT_ERROR / np.where(greedy, 1.0, temperature)
    scaled /= np.where(greedy, 1.0, temperature)[:, None]
    weights = on_grid(np.exp(scaled, dtype=np.float32, casting="same_kind").astype(np.float64), PROBABILITY_BITS)
    loose = np.zeros(len(logits))
    for row in np.flatnonzero(~greedy & (top_p < 1)):
        loose[row] = _keep_nucleus(weights[row], float(top_p[row]), float(error[row]))
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1]
    target = np.minimum(noise * total, np.nextafter(total, 0))
    drawn = (cumulative <= target[:, None]).sum(axis=1)
    above = cumulative[rows, drawn] / total
    below = above - weights[rows, drawn] / total
    # A shift of the logits by at most e moves a cumulative probability c by at most 2e c(1 - c).
    margin = loose + _SUM_ERROR
    near = above - noise < margin + 2 * error * above * (1 - above)
    near |= noise - below < margin + 2 * error * below * (1 - below)
    close = (scaled > -2 * LOGIT_ERROR).sum(axis=1) > 1
    return Draw(np.where(greedy, best, drawn), np.where(greedy, close, near))


def _keep_nucleus(weights: Array, top_p: float, error: float) -> float:
    """Zero what lies outside the nucleus; the probability of the tokens whose place inside or outside is in doubt."""
    falling = np.sort(weights)[::-1]
    total = falling.sum()
    before = (np.cumsum(falling) - falling) / total
    cut = falling[int((before < top_p).sum()) - 1]
    unsure = np.abs(before - top_p) < 2 * error * before * (1 - before) + _SUM_ERROR
    # Tokens about as likely as the last one kept could change places with it.
    equals = np.abs(falling - cut) < 2 * error * cut
    if equals.sum() > 1:
        unsure |= equals
    spread = float(falling[unsure].sum() / total)
    weights[weights < cut] = 0
    return spread / top_p
