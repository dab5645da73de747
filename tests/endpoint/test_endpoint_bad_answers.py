"""Half, endless, late and senseless answers, files among them: asked again, never taken for whole."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from smoltalk.endpoint import Gone
from tests.endpoint.local_server import answer, endpoint_to, run, text_of


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
