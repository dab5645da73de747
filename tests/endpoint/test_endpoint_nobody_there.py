"""Addresses where nobody answers."""

import socket
from contextlib import ExitStack

import pytest

from smoltalk.endpoint import Endpoint, Gone
from smoltalk.endpoint.faults import Unreachable
from smoltalk.errors import WorldError
from tests.endpoint.local_server import KEY, QUICK, run


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
