"""A server that sends requests away: the client waits, slows down, asks again, and gives up in the end."""

import asyncio

import pytest
from aiohttp import web

from smoltalk.endpoint import Gone, Patience
from smoltalk.endpoint.pace import Pace
from smoltalk.errors import RowFailed
from tests.endpoint.local_server import QUICK, answer, complaint, endpoint_to, run, text_of


def test_a_storm_of_429_loses_nothing() -> None:
    """The server takes five at a time and sends the others away; the pace comes down to what it takes."""
    held = sent_away = 0
    paces: list[Pace] = []

    async def five(request: web.Request) -> web.Response:
        nonlocal held, sent_away
        if held == 5:
            sent_away += 1
            return complaint(429, "slow down", {"Retry-After": "0"})
        held += 1
        while paces[0].in_flight > 5:  # nobody is answered while others are on their way to be sent off
            await asyncio.sleep(0.001)
        held -= 1
        return answer()

    async def work() -> None:
        async with endpoint_to(five, max_in_flight=64) as endpoint:
            paces.append(endpoint.pace)
            texts = await asyncio.gather(*(text_of(endpoint) for _ in range(300)))
            assert len(texts) == 300
            assert endpoint.pace.limit < 16
        assert sent_away > 0

    run(work())


def test_nothing_is_sent_before_retry_after() -> None:
    arrivals: list[float] = []

    async def once(request: web.Request) -> web.Response:
        arrivals.append(asyncio.get_running_loop().time())
        return complaint(429, "wait", {"Retry-After": "0.2"}) if len(arrivals) == 1 else answer()

    async def work() -> None:
        async with endpoint_to(once, max_in_flight=1) as endpoint:
            await asyncio.gather(*(text_of(endpoint) for _ in range(4)))
        assert len(arrivals) == 5
        assert min(arrivals[1:]) - arrivals[0] >= 0.19

    run(work())


def test_a_server_that_only_says_later_is_gone() -> None:
    async def never(request: web.Request) -> web.Response:
        return complaint(429, "tomorrow", {"Retry-After": "86400"})

    async def work() -> None:
        async with endpoint_to(never) as endpoint:
            with pytest.raises(Gone, match=r"asks to wait 86,400 s$"):
                await text_of(endpoint)
        async with endpoint_to(never) as endpoint:  # not even once: others would wait at the turnstile without a word
            with pytest.raises(Gone, match=r"asks to wait 86,400 s$"):
                await endpoint.ask("GET", "/models", None, dict, again=False)

    run(work())


def test_503_is_tried_again_and_slows_down() -> None:
    calls = 0

    async def loading(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return complaint(503, "loading") if calls < 3 else answer("up")

    async def work() -> None:
        async with endpoint_to(loading) as endpoint:
            assert await text_of(endpoint) == "up"
            assert endpoint.pace.limit < 64

    run(work())


def test_the_budget_ends() -> None:
    calls = 0

    async def broken(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return complaint(500, "out of order")

    async def work() -> None:
        async with endpoint_to(broken) as endpoint:
            with pytest.raises(Gone, match=r"out of order.*after 3 tries"):
                await text_of(endpoint)
        assert calls == QUICK.attempts

    run(work())


def test_a_request_that_alone_fails_is_not_the_end_of_the_server() -> None:
    answered, over = asyncio.Event(), asyncio.Event()

    async def poisoned(request: web.Request) -> web.Response:
        if "Question 13" not in await request.text():
            return answer()
        answered.clear()
        while not (answered.is_set() or over.is_set()):  # in the time of each try another request has its answer
            await asyncio.sleep(0)
        return complaint(500, "crash")

    async def work() -> None:
        async with endpoint_to(poisoned, patience=Patience(attempts=4, first_wait=0.02)) as endpoint:
            poison = asyncio.create_task(text_of(endpoint, 13))
            while not poison.done():
                assert await text_of(endpoint) == "Fine."
                answered.set()
            over.set()
            with pytest.raises(RowFailed, match=r"unanswered: .*crash"):
                await poison
            with pytest.raises(Gone):
                await text_of(endpoint, 13)

    run(work())
