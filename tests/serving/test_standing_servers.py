"""Servers that somebody else started: one that is lost is looked for, and used again when it answers."""

import asyncio

import pytest
from aiohttp import web

from smoltalk.endpoint import Endpoint, Gone, Patience
from smoltalk.serving import standing
from smoltalk.serving.fleet import Fleet
from smoltalk.serving.standing import Standing


class Mortal:
    """A server on loopback that can be away for a while."""

    def __init__(self) -> None:
        self.away, self.asked = False, 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            return web.Response(status=503)
        self.asked += request.method == "POST"
        return web.json_response({"data": []})

    async def up(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner


def test_a_lost_one_is_used_again_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "LOOK", 0.01)
    patience = Patience(attempts=2, seconds=60.0, first_wait=0.0)

    async def scene() -> None:
        servers = [Mortal(), Mortal()]
        runners = [await server.up() for server in servers]
        urls = [f"http://127.0.0.1:{runner.addresses[0][1]}/v1" for runner in runners]
        seats = [Standing(Endpoint(url, patience=patience)) for url in urls]
        fleet = Fleet(seats)
        await fleet.start()
        try:
            servers[0].away = True
            await asyncio.gather(*(fleet.ask("/x", {}, dict) for _ in range(4)))
            assert [seat.is_lost for seat in seats] == [True, False]
            assert [server.asked for server in servers] == [0, 4]
            servers[0].away = False
            async with asyncio.timeout(60):
                while seats[0].is_lost:
                    await asyncio.sleep(0.01)
            await fleet.ask("/x", {}, dict)
            assert servers[0].asked == 1
            for server in servers:
                server.away = True
            with pytest.raises(Gone):
                await fleet.ask("/x", {}, dict)
        finally:
            await fleet.stop()
            for runner in runners:
                await runner.cleanup()

    asyncio.run(scene())
