"""The client against a real server: storms, slow and half answers, dead addresses, and a key that nobody sees."""

import asyncio
import socket
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from smoltalk.endpoint import Endpoint, Gone, Patience, Refused, Trouble, chat_body, chat_reply
from smoltalk.endpoint.faults import Denied, Unreachable
from smoltalk.errors import FactoryError, RowFailed, WorldError
from tests.endpoint.local_server import KEY, QUICK, answer, asked, complaint, endpoint_to, run

BODY = {"model": "m"}


def text_of(endpoint: Endpoint, number: int = 0) -> Any:
    body = chat_body(asked(f"Question {number}"), model="m")
    return endpoint.ask("POST", "/chat/completions", body, lambda data: chat_reply(data).text)


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

    async def count(request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return answer()

    async def work() -> None:
        async with endpoint_to(count, max_in_flight=7) as endpoint:
            await asyncio.gather(*(text_of(endpoint) for _ in range(60)))
            assert endpoint.pace.in_flight == 0
        assert most == 7

    run(work())


def test_a_storm_of_429_loses_nothing() -> None:
    """The server takes five at a time and sends the others away; the pace comes down to what it takes."""
    now = sent_away = 0

    async def five(request: web.Request) -> web.Response:
        nonlocal now, sent_away
        if now >= 5:
            sent_away += 1
            return complaint(429, "slow down", {"Retry-After": "0"})
        now += 1
        await asyncio.sleep(0.001)
        now -= 1
        return answer()

    async def work() -> None:
        async with endpoint_to(five, max_in_flight=64) as endpoint:
            texts = await asyncio.gather(*(text_of(endpoint) for _ in range(300)))
            assert len(texts) == 300
            assert endpoint.pace.limit < 32
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
    async def poisoned(request: web.Request) -> web.Response:
        return complaint(500, "crash") if "Question 13" in await request.text() else answer()

    async def work() -> None:
        async with endpoint_to(poisoned, patience=Patience(attempts=4, first_wait=0.02)) as endpoint:
            poison = asyncio.create_task(text_of(endpoint, 13))
            while not poison.done():
                assert await text_of(endpoint) == "Fine."
            with pytest.raises(RowFailed, match=r"unanswered: .*crash"):
                await poison
            with pytest.raises(Gone):
                await text_of(endpoint, 13)

    run(work())


def test_slow_answers_time_out_and_slow_down() -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return answer()

    async def work() -> None:
        async with endpoint_to(slow, timeout=0.02) as endpoint:
            with pytest.raises(Gone, match=r"no answer within 0\.02 s"):
                await text_of(endpoint)
            assert endpoint.pace.limit == 1.0

    run(work())


async def _cut_short(request: web.Request) -> web.StreamResponse:
    whole = answer("never seen").body
    assert isinstance(whole, bytes)
    response = web.StreamResponse(headers={"Content-Length": str(len(whole)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(whole[:20])
    assert request.transport
    request.transport.abort()
    return response


async def _hung_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def _no_json(request: web.Request) -> web.StreamResponse:
    return web.Response(text='{"choices": [{"mess')


async def _no_choices(request: web.Request) -> web.StreamResponse:
    return web.json_response({"choices": []})


@pytest.mark.parametrize("bad", [_cut_short, _hung_up, _no_json, _no_choices])
def test_a_bad_answer_is_asked_again(bad: Any) -> None:
    calls = 0

    async def twice(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        with suppress(ConnectionError):
            return await bad(request) if calls < 3 else answer("whole")
        return web.Response()

    async def always(request: web.Request) -> web.StreamResponse:
        with suppress(ConnectionError):
            return await bad(request)
        return web.Response()

    async def work() -> None:
        async with endpoint_to(twice) as endpoint:
            assert await text_of(endpoint) == "whole"
        async with endpoint_to(always) as endpoint:
            with pytest.raises(Gone):
                await text_of(endpoint)
            assert endpoint.pace.in_flight == 0

    run(work())


def test_nobody_there() -> None:
    async def work(url: str) -> None:
        endpoint = Endpoint(url, key=KEY, patience=QUICK)
        with pytest.raises(WorldError, match="not open"):
            await endpoint.get("/models")
        await endpoint.open()
        await endpoint.open()
        with pytest.raises(Gone, match="cannot be reached"):
            await endpoint.get("/models")
        await endpoint.close()
        await endpoint.close()

    with socket.socket() as nobody:  # holds the port, and listens to nobody
        nobody.bind(("127.0.0.1", 0))
        run(work(f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"))


def test_a_connection_that_is_not_made_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not take connections has not been slow with an answer."""
    monkeypatch.setattr("smoltalk.endpoint.client.CONNECT_SECONDS", 0.05)

    async def work(url: str) -> None:
        endpoint = Endpoint(url, patience=QUICK)
        await endpoint.open()
        try:
            with pytest.raises(Unreachable, match=r"no connection within 0\.05 s"):
                await endpoint.ask("GET", "/models", None, dict, again=False)
        finally:
            await endpoint.close()

    with socket.socket() as busy, ExitStack() as callers:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        for _ in range(4):  # its queue is full
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(busy.getsockname())
        run(work(f"http://127.0.0.1:{busy.getsockname()[1]}/v1"))


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


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500])
def test_the_key_is_in_no_error(status: int) -> None:
    async def telltale(request: web.Request) -> web.Response:
        return complaint(status, f"you sent {request.headers['Authorization']}", {"Retry-After": "1e9"})

    async def work() -> None:
        async with endpoint_to(telltale, patience=Patience(attempts=1, seconds=-1.0)) as endpoint:
            with pytest.raises(FactoryError) as caught:
                await endpoint.post("/x", BODY)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
        assert KEY not in shown

    run(work())


def test_a_redirect_is_not_followed_with_the_key() -> None:
    paths: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async def work() -> None:
        async with endpoint_to(elsewhere) as endpoint:
            with pytest.raises(Denied, match="redirects"):
                await endpoint.post("/x", BODY)
        assert paths == ["/v1/x"]

    run(work())


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smoltalk.endpoint.client.LARGEST_ANSWER", 1000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b" " * 500)
        return response

    async def work() -> None:
        async with endpoint_to(endless) as endpoint:
            with pytest.raises(Gone, match="more than"):
                await endpoint.get("/x")

    run(work())


def test_a_body_that_json_cannot_hold_is_the_rows_fault() -> None:
    async def work() -> None:
        async with endpoint_to(_no_json) as endpoint:
            with pytest.raises(RowFailed, match="unsendable"):
                await endpoint.post("/x", {"prompt": "lone \ud800"})

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


def test_one_try_where_asked_for() -> None:
    async def broken(request: web.Request) -> web.Response:
        return complaint(500, "no")

    async def work() -> None:
        async with endpoint_to(broken) as endpoint:
            with pytest.raises(Trouble):
                await endpoint.ask("POST", "/x", BODY, dict, again=False)

    run(work())


def test_files_go_up_and_come_down_whole(tmp_path: Path) -> None:
    content = b'{"a": 1}\n' * 50_000
    calls = 0

    async def store(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if request.method == "POST":
            form = await request.post()
            file = form["file"]
            assert isinstance(file, web.FileField)
            return web.json_response({"id": file.filename, "size": len(file.file.read()), "for": form["purpose"]})
        if calls % 2:
            return await _cut_short(request)
        return web.Response(body=content)

    async def work() -> None:
        async with endpoint_to(store) as endpoint:
            made = await endpoint.upload("/files", {"purpose": "batch"}, "x.jsonl", content)
            assert made == {"id": "x.jsonl", "size": len(content), "for": "batch"}
            nonlocal calls
            calls = 0
            await endpoint.download("/files/x/content", tmp_path / "x.jsonl")
        assert (tmp_path / "x.jsonl").read_bytes() == content
        assert calls == 2
        assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]

    run(work())
