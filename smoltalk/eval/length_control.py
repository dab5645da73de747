"""Who wins when nobody wins by length: a logistic model of the verdicts, read at equal lengths.

After Dubois et al. 2024, "Length-Controlled AlpacaEval", arXiv 2404.04475: the chance to win is the logistic function
of how good the model is plus a weight times tanh of the difference in length, in standard deviations; the
length-controlled win rate is the same with that difference set to 0. Their third term, how hard each prompt is for the
other model, is estimated from many models' answers, and is left out: it does not change with length.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from smoltalk.eval.task import Mark

NAME = "length-controlled win rate"
_STEPS = 50
_RIDGE = 0.5
"""Of the length's weight: keeps it finite where length and victory go together without exception."""


def controlled(marks: "Sequence[Mark]", ours: Sequence[int], theirs: Sequence[int]) -> "list[Mark]":
    """The marks with points of the length-controlled win rate; `ours` and `theirs` are lengths in words.

    An item's points are its share in the figure by the influence of the item on it (the infinitesimal jackknife), so
    that their mean is the figure, and drawing items again tells how sure it is.
    """
    import numpy as np

    there = [place for place, mark in enumerate(marks) if mark.points["win rate"][1]]
    if not there:
        return list(marks)
    won = np.array([marks[place].points["win rate"][0] for place in there])
    longer = np.array([float(ours[place] - theirs[place]) for place in there])
    spread = longer.std()
    rate, influence = win_rate(won, np.tanh(longer / spread) if spread else longer * 0.0)
    shares = dict(zip(there, rate + influence, strict=True))
    return [
        replace(mark, points={**mark.points, NAME: (float(shares[place]), 1.0) if place in shares else (0.0, 0.0)})
        for place, mark in enumerate(marks)
    ]


def win_rate(won: "NDArray[np.float64]", longer: "NDArray[np.float64]") -> "tuple[float, NDArray[np.float64]]":
    """The win rate at equal length, 0 to 1, and each item's influence on it (they sum to 0, nearly).

    `won` is 1, 0.5 or 0; `longer` is how much longer the answer is, -1 to 1.
    """
    import numpy as np

    n = len(won)
    if not longer.any():
        return float(won.mean()), won - won.mean()
    x = np.stack([np.ones(n), longer], axis=1)
    keep = np.diag([1e-3, _RIDGE])
    at = np.zeros(2)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ at, -30, 30)))
        slope = x.T @ (won - chance) - keep @ at
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + keep
        step = np.linalg.solve(curve, slope)
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    chance = 1 / (1 + np.exp(-np.clip(x @ at, -30, 30)))
    curve = (x * (chance * (1 - chance))[:, None]).T @ x + keep
    rate = float(1 / (1 + np.exp(-at[0])))
    moves = np.linalg.solve(curve, (x * (won - chance)[:, None]).T)[0]
    influence = n * rate * (1 - rate) * moves
    return rate, influence - influence.mean()
