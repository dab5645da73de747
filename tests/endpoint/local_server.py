"""A real HTTP server on loopback for tests, in the test's own event loop; answers as each test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from smoltalk.endpoint import Endpoint, Patience, chat_body, chat_reply
from smoltalk.requests import Request, Sampling

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY = "secret-key-0123456789"
QUICK = Patience(attempts=3, seconds=60.0, first_wait=0.0)


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """The base URL of a server that hands every request to `handler`."""

    async def one(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{tail:.*}", one)
    runner = web.AppRunner(app, shutdown_timeout=0.0, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def endpoint_to(handler: Handler, **options: Any) -> AsyncIterator[Endpoint]:
    """An open endpoint to such a server."""
    async with served(handler) as url:
        endpoint = Endpoint(url, **{"key": KEY, "patience": QUICK, **options})
        await endpoint.open()
        try:
            yield endpoint
        finally:
            await endpoint.close()


def answer(text: str = "Fine.", finish: str = "stop", **message: Any) -> web.Response:
    """A chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
    return web.json_response({"choices": [choice], "usage": usage})


def complaint(status: int, message: str, headers: dict[str, str] | None = None, **error: Any) -> web.Response:
    """An error in OpenAI's form."""
    return web.json_response({"error": {"message": message, **error}}, status=status, headers=headers)


def asked(text: str = "How are you?", **fields: Any) -> Request:
    """A request for one assistant's turn; `sampling` is a mapping."""
    sampling = Sampling(**fields.pop("sampling", {}))
    return Request([{"role": "user", "content": text}], sampling, **fields)


def run(work: Awaitable[None]) -> None:
    """Run a test's coroutine; one that hangs fails within a minute."""

    async def limited() -> None:
        await asyncio.wait_for(work, 60.0)

    asyncio.run(limited())


def text_of(endpoint: Endpoint, number: int = 0) -> Coroutine[Any, Any, str]:
    """The text of a reply to one question of many."""
    body = chat_body(asked(f"Question {number}"), model="m")
    return endpoint.ask("POST", "/chat/completions", body, lambda data: chat_reply(data).text)
