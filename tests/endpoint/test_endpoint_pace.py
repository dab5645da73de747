"""The pace: never above the ceiling, never below one, halved once a storm, and back up when the storm is over."""

from hypothesis import given
from hypothesis import strategies as st

from smoltalk.endpoint.pace import Pace

WORDS = st.lists(
    st.tuples(st.sampled_from(["take", "answered", "throttled", "failed"]), st.floats(0, 5), st.integers(0, 100)),
    max_size=300,
)


@given(st.integers(1, 10_000), st.none() | st.integers(1, 10_000), WORDS)
def test_bounds_hold_whatever_happens(ceiling: int, start: int | None, words: list[tuple[str, float, int]]) -> None:
    pace, tickets, now = Pace(ceiling, start=start), list[int](), 0.0
    for word, seconds, which in words:
        now += seconds
        before = pace.limit
        if word == "take":
            if pace.room(now):
                assert pace.in_flight < pace.limit and now >= pace.closed_until
                tickets.append(pace.take())
        elif tickets:
            ticket = tickets.pop(which % len(tickets))
            if word == "throttled":
                fresh = ticket == pace.epoch
                pace.throttled(ticket, now, seconds)
                assert pace.limit == before if not fresh else pace.limit <= max(1.0, before / 2)
                assert not pace.room(now) or now + seconds == now
            elif word == "answered":
                pace.answered(ticket)
                assert before <= pace.limit <= before + 1
            else:
                pace.failed(ticket)
                assert pace.limit == before
        assert 1 <= pace.limit <= pace.ceiling
        assert pace.in_flight == len(tickets)


@given(st.integers(2, 500))
def test_a_storm_halves_it_once(ceiling: int) -> None:
    pace = Pace(ceiling)
    tickets = [pace.take() for _ in range(ceiling)]
    assert not pace.room(0.0)
    for ticket in tickets:
        pace.throttled(ticket, 0.0)
    assert pace.limit == ceiling / 2


@given(st.integers(1, 300), st.integers(0, 12))
def test_it_comes_back_to_the_ceiling(ceiling: int, storms: int) -> None:
    pace = Pace(ceiling)
    for _ in range(storms):
        pace.throttled(pace.take(), 0.0)
    rounds = 0
    while pace.limit < ceiling:
        tickets = [pace.take() for _ in range(int(pace.limit))]
        for ticket in tickets:
            pace.answered(ticket)
        rounds += 1
        assert rounds <= 3 * ceiling


def test_first_it_doubles_then_it_adds() -> None:
    def a_round(pace: Pace) -> float:
        for ticket in [pace.take() for _ in range(int(pace.limit))]:
            pace.answered(ticket)
        return pace.limit

    pace = Pace(1000, start=4)
    assert [a_round(pace), a_round(pace)] == [8.0, 16.0]
    tickets = [pace.take() for _ in range(16)]
    for ticket in tickets:
        pace.throttled(ticket, 0.0)
    assert pace.limit == 8.0
    assert 8.9 < a_round(pace) <= 9.0


def test_an_idle_server_teaches_nothing() -> None:
    pace = Pace(1000, start=10)
    for _ in range(100):
        pace.answered(pace.take())
    assert pace.limit == 10


def test_it_waits_as_long_as_it_is_told() -> None:
    pace = Pace(8)
    first, second = pace.take(), pace.take()
    pace.throttled(first, 100.0, 20.0)
    pace.throttled(second, 101.0, 5.0)
    assert not pace.room(119.9)
    assert pace.room(120.0)
