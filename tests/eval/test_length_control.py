"""A judge that likes length is seen through; one that does not is left as it is."""

import numpy as np
import pytest

from smoltalk.eval.length_control import NAME, controlled, win_rate
from smoltalk.eval.task import Mark


def judged(seed: int, better: float, likes_length: float, n: int = 800) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    longer = np.tanh(rng.normal(0.8, 1, n))
    return (rng.random(n) < 1 / (1 + np.exp(-(better + likes_length * longer)))).astype(float), longer


def test_length_alone_wins_nothing() -> None:
    won, longer = judged(1, better=0.0, likes_length=2.0)
    rate, _ = win_rate(won, longer)
    assert won.mean() > 0.65 and rate == pytest.approx(0.5, abs=0.06)


def test_what_does_not_go_with_length_stays() -> None:
    won, longer = judged(2, better=1.0, likes_length=0.0)
    rate, _ = win_rate(won, longer)
    assert rate == pytest.approx(won.mean(), abs=0.06)


def test_the_influence_of_items_is_the_doubt_of_the_figure() -> None:
    rates = [win_rate(*judged(seed, 0.5, 1.5, 300))[0] for seed in range(60)]
    _, influence = win_rate(*judged(99, 0.5, 1.5, 300))
    assert abs(influence.mean()) < 1e-9
    assert influence.std() / np.sqrt(300) == pytest.approx(np.std(rates), rel=0.35)


def test_answers_of_one_length_and_verdicts_that_are_missing() -> None:
    marks = [Mark(str(i), {"win rate": (float(i % 2), 1.0)}) for i in range(4)] + [Mark("x", {"win rate": (0, 0)})]
    found = controlled(marks, [5] * 5, [5] * 5)
    assert [one.points[NAME] for one in found] == [(0, 1), (1, 1), (0, 1), (1, 1), (0, 0)]
    assert controlled(marks[4:], [5], [5]) == marks[4:]


def test_a_split_without_exception_has_a_figure_all_the_same() -> None:
    longer = np.array([0.9, 0.8, -0.9, -0.7])
    rate, influence = win_rate((longer > 0).astype(float), longer)
    assert 0 < rate < 1 and np.isfinite(influence).all()
