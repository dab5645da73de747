"""The client against a real server: every request has its own answer, and its place in flight."""

import asyncio

import pytest
from aiohttp import web

from smoltalk.endpoint import Refused, Trouble
from smoltalk.errors import RowFailed
from tests.endpoint.local_server import KEY, answer, complaint, endpoint_to, run, text_of


def test_every_request_gets_its_own_answer() -> None:
    async def echo(request: web.Request) -> web.Response:
        assert request.path == "/v1/chat/completions"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.content_type == "application/json"
        return answer((await request.json())["messages"][0]["content"].upper())

    async def work() -> None:
        async with endpoint_to(echo) as endpoint:
            texts = await asyncio.gather(*(text_of(endpoint, n) for n in range(200)))
        assert texts == [f"QUESTION {n}" for n in range(200)]

    run(work())


def test_no_more_in_flight_than_may_be() -> None:
    now = most = 0
    full = asyncio.Event()

    async def count(request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if most >= 7:
            full.set()
        await full.wait()  # the first stay until there are as many as may be
        await asyncio.sleep(0.001)
        now -= 1
        return answer()

    async def work() -> None:
        async with endpoint_to(count, max_in_flight=7) as endpoint:
            await asyncio.gather(*(text_of(endpoint) for _ in range(60)))
            assert endpoint.pace.in_flight == 0
        assert most == 7

    run(work())


def test_cancelled_requests_leave_their_place() -> None:
    arrived = asyncio.Event()

    async def hold(request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return answer()

    async def work() -> None:
        async with endpoint_to(hold, max_in_flight=1) as endpoint:
            first, *others = [asyncio.create_task(text_of(endpoint)) for _ in range(4)]
            await arrived.wait()
            others[1].cancel()
            first.cancel()
            await asyncio.wait([first, others[1]])
            assert endpoint.pace.in_flight == 1, "the next in the queue is let in"
            for task in others:
                task.cancel()
            await asyncio.wait(others)
            assert endpoint.pace.in_flight == 0

    run(work())


BODY = {"model": "m"}


def test_refusals_are_not_tried_again() -> None:
    calls = 0

    async def no(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return complaint(400, "too long", code="context_length_exceeded")

    async def work() -> None:
        async with endpoint_to(no) as endpoint:
            with pytest.raises(Refused) as caught:
                await endpoint.post("/x", BODY)
            assert caught.value.kind == "prompt_too_long"
            assert endpoint.pace.limit == 64
        assert calls == 1

    run(work())


def test_a_body_that_json_cannot_hold_is_the_rows_fault() -> None:
    async def unasked(request: web.Request) -> web.Response:
        raise AssertionError("it was sent")

    async def work() -> None:
        async with endpoint_to(unasked) as endpoint:
            with pytest.raises(RowFailed, match="unsendable"):
                await endpoint.post("/x", {"prompt": "lone \ud800"})

    run(work())


def test_one_try_where_asked_for() -> None:
    async def broken(request: web.Request) -> web.Response:
        return complaint(500, "no")

    async def work() -> None:
        async with endpoint_to(broken) as endpoint:
            with pytest.raises(Trouble):
                await endpoint.ask("POST", "/x", BODY, dict, again=False)

    run(work())
