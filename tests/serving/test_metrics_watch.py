"""What is learnt of a server that somebody else started: its metrics where it shows them, else nothing at all."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from smoltalk.endpoint import Endpoint
from smoltalk.serving import metrics_watch
from smoltalk.serving.fleet import Fleet
from smoltalk.serving.load import Load, read_load
from smoltalk.serving.standing import Standing

Page = Callable[[int], tuple[int, str]]
"""How often it was looked at -> status and text."""


def says(running: int, looked_up: int, cached: int) -> str:
    labels = '{engine="0",model_name="org/m"}'
    return (
        f"# HELP vllm:num_requests_running Number of requests.\nvllm:num_requests_running{labels} {running}.0\n"
        f"vllm:prefix_cache_queries_total{labels} {looked_up}.0\nvllm:prefix_cache_hits_total{labels} {cached}.0\n"
    )


@asynccontextmanager
async def serving(page: Page) -> AsyncIterator[tuple[str, list[str]]]:
    """A server's `/v1` address, and the paths it was asked, with the header that holds the key."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/v1/models":  # the greeting
            return web.Response(status=404)
        asked.append(f"{request.path} {request.headers.get('Authorization', '')}".strip())
        status, text = page(len(asked))
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"} if status == 302 else {})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


def watched(page: Page, until: Callable[[Load, int], bool]) -> tuple[Load, list[str]]:
    """The fleet's load once `until(load, looks)` holds."""

    async def scene() -> tuple[Load, list[str]]:
        async with serving(page) as (url, asked):
            fleet = Fleet([Standing(Endpoint(url, key="secret"))])
            await fleet.start()
            async with asyncio.timeout(60):
                while not until(fleet.load(), len(asked)):
                    await asyncio.sleep(0.01)
            load = fleet.load()
            await fleet.stop()
            await fleet.stop()
            return load, asked

    return asyncio.run(scene())


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_watch, "PULSE", 0.01)
    monkeypatch.setattr(metrics_watch, "LONG_PULSE", 0.02)


def test_a_server_that_is_up_tells_its_load_and_sees_no_key() -> None:
    load, asked = watched(lambda n: (200, says(3, 100 + 40 * n, 50 + 10 * n)), lambda load, _: load.looked_up > 0)
    assert load.running == 3
    assert load.hit_rate == 0.25, "what its cache did before us does not count"
    assert set(asked) == {"/metrics"}


def test_a_server_that_was_started_again_counts_anew() -> None:
    pages = {1: says(0, 100, 90), 2: says(0, 140, 110)}
    load, _ = watched(lambda n: (200, pages.get(n, says(0, 20, 5))), lambda load, n: n > 3 and load.looked_up == 20)
    assert load.hit_rate == 0.25


@pytest.mark.parametrize(
    "page",
    [(404, says(1, 1, 1)), (401, ""), (302, says(1, 1, 1)), (500, ""), (200, ""), (200, "<html>a gateway</html>"),
     (200, "vllm:num_requests_running -\nvllm:num_requests_waiting 9e999\nvllm:x{ 1\n"),
     (200, says(1, 1, 1) + "x" * (5 << 20))],
    ids=lambda page: str(page)[:30],
)  # fmt: skip
def test_one_that_tells_nothing_is_no_trouble(page: tuple[int, str]) -> None:
    load, asked = watched(lambda n: page, lambda load, looks: looks > 2)
    assert load == Load() and load.hit_rate is None
    assert set(asked) == {"/metrics"}


def test_one_that_is_not_there_is_no_trouble() -> None:
    async def scene() -> Load:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            watch = metrics_watch.MetricsWatch(f"http://127.0.0.1:{nobody.getsockname()[1]}/v1")
            watch.start()
            await asyncio.sleep(0.05)
            load = watch.load
            await watch.stop()
            return load

    assert asyncio.run(scene()) == Load()


def test_a_reading_that_is_gone_is_not_shown_on() -> None:
    load, _ = watched(
        lambda n: (200, says(7, n, 0)) if n < 3 else (503, ""), lambda load, n: n > 4 and not load.running
    )
    assert load == Load()


def test_hostile_text_takes_no_time() -> None:
    assert read_load("vllm:a{" * 300_000) == Load()
    assert read_load("vllm:a{\n" * 300_000 + "vllm:num_requests_running 2\n").running == 2
    assert read_load("vllm:num_requests_running " + " " * 1_000_000 + "x").running == 0
