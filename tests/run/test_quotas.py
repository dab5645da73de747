"""Targets split over shares add up, and nobody is let in past them."""

from hypothesis import given
from hypothesis import strategies as st

from smoltalk.run.quotas import Quotas, apportion

WEIGHTS = st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0.01, 100), min_size=1, max_size=8)


@given(st.integers(0, 10_000), WEIGHTS)
def test_apportion_adds_up_and_stays_within_one_of_the_exact_share(total: int, weights: dict[str, float]) -> None:
    rows = apportion(total, weights)
    assert sum(rows.values()) == total
    scale = total / sum(weights.values())
    assert all(abs(rows[name] - weight * scale) < 1 + 1e-6 for name, weight in weights.items())


def test_room_follows_the_yield() -> None:
    quotas = Quotas(10, None)
    for _ in range(10):
        assert quotas.room("")
        quotas.born("")
    assert not quotas.room(""), "ten are in flight for the ten that are missing"
    for _ in range(10):
        quotas.landed("")
        quotas.decided("", accepted=False)
    for _ in range(11):
        assert quotas.room(""), "nothing was accepted so far, so more than ten are needed"
        quotas.born("")


def test_a_full_share_does_not_stop_the_others() -> None:
    quotas = Quotas(4, ("category", {"a": 1, "b": 1}))
    for _ in range(2):
        quotas.decided("a", accepted=True)
    assert quotas.full("a") and not quotas.full("b") and not quotas.met()
    for _ in range(2):
        quotas.decided("b", accepted=True)
    assert quotas.met()


def test_without_a_target_everyone_is_welcome() -> None:
    quotas = Quotas(None, ("category", {"a": 1}))
    quotas.decided("", accepted=True)
    assert quotas.room("") and not quotas.full("") and not quotas.met()
