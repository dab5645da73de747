"""A real server on loopback that takes what OpenAI's takes, and the openai engine before it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from smoltalk.engines.openai import OpenAI
from tests.endpoint.local_batches import BatchServer
from tests.endpoint.local_server import run, served

Handle = Callable[[web.Request, dict[str, Any]], web.Response]


class Server:
    """Answers `/models` with a list, everything else as `handle` says; keeps every body."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []

    async def __call__(self, request: web.Request) -> web.Response:
        if request.path == "/v1/models":
            return web.json_response({"data": [{"id": "m"}]})
        self.bodies.append(await request.json())
        self.paths.append(request.path)
        return self.handle(request, self.bodies[-1])


def with_engine(
    server: Server | BatchServer, work: Callable[[OpenAI], Awaitable[None]], folder: Path, **fields: Any
) -> None:
    async def main() -> None:
        async with served(server) as url:
            engine = OpenAI(**{"model": "m", "base_url": url, **fields})
            await engine.start(folder)
            try:
                await work(engine)
            finally:
                await engine.stop()
                await engine.stop()

    run(main())
