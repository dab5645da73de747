"""Draws follow the distribution, repeat with their seed, and know when float32 could have changed them."""

import numpy as np

from smoltalk.llama.sampling import LOGIT_ERROR, draw, uniform

PROBABILITIES = np.array([0.5, 0.25, 0.15, 0.1])
COUNT = 3000


def drawn(temperature: float, top_p: float) -> np.ndarray:
    logits = np.tile(np.log(PROBABILITIES), (COUNT, 1))
    noise = uniform(np.arange(COUNT, dtype=np.uint64), np.zeros(COUNT, np.uint64))
    tokens = draw(logits, np.full(COUNT, temperature), np.full(COUNT, top_p), noise).tokens
    return np.bincount(tokens, minlength=4) / COUNT


def test_shares_follow_the_probabilities() -> None:
    assert np.abs(drawn(1.0, 1.0) - PROBABILITIES).max() < 0.03


def test_temperature_sharpens() -> None:
    squared = PROBABILITIES**2 / (PROBABILITIES**2).sum()
    assert np.abs(drawn(0.5, 1.0) - squared).max() < 0.03
    assert drawn(0.0, 1.0).tolist() == [1, 0, 0, 0]


def test_the_nucleus_keeps_the_fewest_tokens_that_reach_top_p() -> None:
    assert np.abs(drawn(1.0, 0.7) - [2 / 3, 1 / 3, 0, 0]).max() < 0.03
    assert drawn(1.0, 0.4).tolist() == [1, 0, 0, 0]
    assert (drawn(1.0, 0.8) > 0).tolist() == [True, True, True, False]


def test_noise_is_even_and_differs_by_seed_and_step() -> None:
    seeds, steps = np.meshgrid(np.arange(100, dtype=np.uint64), np.arange(100, dtype=np.uint64))
    noise = uniform(seeds.ravel(), steps.ravel())
    assert len(np.unique(noise)) == 10_000
    assert np.abs(np.histogram(noise, 10, (0, 1))[0] - 1000).max() < 120


def test_draws_that_small_errors_could_change_are_doubtful() -> None:
    rng = np.random.default_rng(2)
    logits, noise = rng.normal(size=(1500, 50)) * 2, rng.random(1500)
    for temperature, top_p in ((0.0, 1.0), (1.0, 1.0), (0.7, 0.8), (1.3, 0.95)):
        settings = np.full(1500, temperature), np.full(1500, top_p), noise
        first = draw(logits, *settings)
        changed = np.zeros(1500, bool)
        for _ in range(5):
            errors = rng.choice([-1, 1], logits.shape) * LOGIT_ERROR * 0.99
            changed |= draw(logits + errors, *settings).tokens != first.tokens
        assert not (changed & ~first.doubtful).any()
        assert first.doubtful.mean() < 0.1
