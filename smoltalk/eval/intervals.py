"""How sure a figure is: bootstrap intervals over items, and paired tests of two models on the same items.

A metric is a ratio of sums over items: of (points, of) each. An accuracy is (1 or 0, 1); IFEval's instruction accuracy
is (kept, asked); a loss a token is (nats, tokens). Items are what is drawn again, whole: within one, nothing is
independent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    """Shape (items, 2): points, and what they are points of."""

DRAWS = 4_000
"""Bootstrap samples, and sign flips of a permutation test."""
LEVEL = 0.95
_AT_ONCE = 4_000_000
"""Numbers drawn at a time: 32 MB."""
_KINDS = 100
"""Kinds of items, up to which it is drawn how many of each there are, and not each item."""
_EXACT = 16
"""Items that differ, up to which every pattern of signs is tried."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float
    items: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One model's figure less another's, on the items that both have."""

    value: float
    low: float
    high: float
    p: float
    """Two-sided: how often a difference this large would come of two models that are alike."""
    items: int


def estimate(points: "Sequence[tuple[float, float]]", seed: int = 0, share: bool = True) -> Estimate | None:
    """The ratio of sums and its percentile bootstrap interval (Efron 1979); None where there is nothing to divide by.

    Where every item has the same share of its points, such as all or none, resampling sees no doubt at all; there it is
    Wilson's interval (1927), as for a share of as many trials. What is no `share`, such as a margin, has no width.
    """
    import numpy as np

    of = np.asarray(points, float).reshape(-1, 2)
    of = of[of[:, 1] > 0]
    if not len(of):
        return None
    value = float(of[:, 0].sum() / of[:, 1].sum())
    if share and 0 <= value <= 1 and (of[:, 0] == value * of[:, 1]).all():
        low, high = wilson(value * len(of), len(of))
        return Estimate(value, low, high, len(of))
    low, high = _percentiles(_ratios(of, seed)[:, 0])
    return Estimate(value, low, high, len(of))


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.959964, successes / trials
    middle, half = share + z * z / (2 * trials), z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    whole = 1 + z * z / trials
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def difference(
    one: "Sequence[tuple[float, float]]", other: "Sequence[tuple[float, float]]", seed: int = 0, share: bool = True
) -> Difference | None:
    """`one` less `other`, item by item in the same order: paired bootstrap interval, and a paired test.

    Where shares differ on no item, or by the same on every one, resampling sees no doubt; there the interval is as wide
    as Wilson's for what none of as many trials showed.

    The test flips, item by item, which of the two models got which points (Fisher's randomization test). On items that
    are right or wrong it is McNemar's exact test. None where there is nothing to compare.
    """
    import numpy as np

    a, b = np.asarray(one, float).reshape(-1, 2), np.asarray(other, float).reshape(-1, 2)
    if a.shape != b.shape:
        raise ValueError("the two models have different items")
    there = (a[:, 1] > 0) & (b[:, 1] > 0)
    a, b = a[there], b[there]
    if not len(a):
        return None
    value = float(a[:, 0].sum() / a[:, 1].sum() - b[:, 0].sum() / b[:, 1].sum())
    drawn = _ratios(np.hstack([a, b]), seed)
    low, high = _percentiles(drawn[:, 0] - drawn[:, 1])
    if (
        share
        and low == high
        and (min(a.min(), b.min()) >= 0 and (a[:, 0] <= a[:, 1]).all() and (b[:, 0] <= b[:, 1]).all())
    ):
        _, doubt = wilson(0, len(a))
        low, high = max(-1.0, value - doubt), min(1.0, value + doubt)
    return Difference(value, low, high, _p(a, b, value, seed), len(a))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values as they are to be read when so many were looked at (Holm 1979), in the order given."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def _ratios(of: "NDArray[np.float64]", seed: int) -> "NDArray[np.float64]":
    """The ratios in each bootstrap sample, shape (draws, pairs of columns); all pairs see the same items.

    Items that are alike are drawn as one, so often as they are there: right and wrong answers cost the same however
    many they are.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), len(of)
    kinds, many = np.unique(of, axis=0, return_counts=True)
    if len(kinds) <= _KINDS:
        drawn = rng.multinomial(n, many / n, DRAWS) @ kinds
    else:
        often = (np.bincount(rng.integers(0, n, n, np.int32), minlength=n) for _ in range(DRAWS))
        drawn = np.stack([one @ of for one in often])
    return drawn[:, ::2] / drawn[:, 1::2]


def _percentiles(drawn: "NDArray[np.float64]") -> tuple[float, float]:
    import numpy as np

    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _p(a: "Points", b: "Points", value: float, seed: int) -> float:
    import numpy as np

    differs = (a != b).any(axis=1)
    rest = a[~differs].sum(axis=0)
    a, b = a[differs], b[differs]
    n = len(a)
    if not n:
        return 1.0
    gained = a[:, 0] - b[:, 0]
    if (a[:, 1] == b[:, 1]).all() and len(set(np.abs(gained[gained != 0]).tolist())) == 1:
        return _mcnemar(int((gained > 0).sum()), int((gained < 0).sum()))
    if n <= _EXACT:
        flips = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        extreme = np.abs(_flipped(a, b, rest, flips)) >= abs(value) - 1e-12
        return float(extreme.mean())
    rng, each, hits = np.random.default_rng(seed), max(1, _AT_ONCE // n), 0
    for start in range(0, DRAWS, each):
        many = min(each, DRAWS - start)
        drawn = np.unpackbits(rng.integers(0, 256, (many, -(-n // 8)), np.uint8), axis=1, count=n)
        hits += int((np.abs(_flipped(a, b, rest, drawn)) >= abs(value) - 1e-12).sum())
    return (hits + 1) / (DRAWS + 1)


def _flipped(a: "Points", b: "Points", rest: "Points", flips: "NDArray[Any]") -> "NDArray[np.float64]":
    """The difference when the models change places on the items where `flips` is 1."""
    moved = flips.astype(float) @ (b - a)
    one, other = a.sum(axis=0) + moved + rest, b.sum(axis=0) - moved + rest
    return one[:, 0] / one[:, 1] - other[:, 0] / other[:, 1]  # type: ignore[no-any-return]


def _mcnemar(won: int, lost: int) -> float:
    """Two-sided exact binomial test that an item which differs is as likely won as lost (McNemar 1947)."""
    n, few = won + lost, min(won, lost)
    tail = sum(math.comb(n, k) for k in range(few + 1)) / (1 << n)
    return min(1.0, 2 * tail)
