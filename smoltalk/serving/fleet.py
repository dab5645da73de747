"""Several servers of one model: requests go to the least loaded, and are asked again when its server goes down."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from smoltalk.endpoint import Endpoint, Gone, Patience
from smoltalk.errors import RowFailed, WorldError
from smoltalk.serving.load import Load
from smoltalk.serving.server import Server, start_all

T = TypeVar("T")

_TRIES = 4
"""How often a server that is well may leave one request without a reply."""
_PAUSE = 0.3
"""Seconds after a lost connection in which the watch of a server hears of its death."""


class Standing:
    """A server that somebody else started; the endpoint's own patience is all there is."""

    restarted = 0
    load = Load()

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.in_flight = 0
        self.is_lost = False

    is_up = True

    async def start(self) -> None:
        await self._endpoint.open()

    async def stop(self) -> None:
        await self._endpoint.close()

    async def endpoint(self) -> Endpoint:
        return self._endpoint

    async def is_well(self, endpoint: Endpoint) -> bool:
        """Nobody can start it again: what is gone after all that patience is gone."""
        self.is_lost = True
        return True


class Supervised:
    """A server of ours; every start of it gets an endpoint of its own, since its port and its pace are new."""

    def __init__(self, server: Server, key: str, max_in_flight: int, reply_within: float) -> None:
        self.server, self._key, self._max = server, key, max_in_flight
        self._within = reply_within
        self.in_flight = 0
        self._port = 0
        self._endpoint: Endpoint | None = None

    @property
    def is_up(self) -> bool:
        return self.server.is_up

    @property
    def is_lost(self) -> bool:
        return self.server.is_lost

    @property
    def restarted(self) -> int:
        return self.server.restarted

    @property
    def load(self) -> Load:
        return self.server.load

    async def start(self) -> None:
        await self.server.start()

    async def stop(self) -> None:
        try:
            if self._endpoint is not None:
                await self._endpoint.close()
        finally:
            await self.server.stop()

    async def endpoint(self) -> Endpoint:
        """Where it listens now. Waits while it is started again; raises `WorldError` when it is given up."""
        port = await self.server.up()
        if port != self._port or self._endpoint is None:
            before, self._port = self._endpoint, port
            # One try, and quick to give up: whether the server is there, its watch knows best.
            self._endpoint = Endpoint(
                f"http://127.0.0.1:{port}/v1",
                key=self._key,
                max_in_flight=self._max,
                timeout=self._within,
                patience=Patience(attempts=1),
            )
            await self._endpoint.open()
            if before is not None:
                await before.close()
        return self._endpoint

    async def is_well(self, endpoint: Endpoint) -> bool:
        """Whether the server behind the endpoint is still up, a moment after a request to it was lost."""
        await asyncio.sleep(_PAUSE)
        return self.server.is_up and self._endpoint is endpoint and await self.server.up() == self._port


class Fleet:
    """The servers of one engine, from `start` to `stop`."""

    def __init__(self, seats: Sequence[Standing | Supervised]) -> None:
        self.seats = list(seats)

    async def start(self) -> None:
        """Start all at once. Raises `WorldError` when one does not start; then none is left."""
        await start_all(self.seats)

    async def stop(self) -> None:
        """End all. Safe to call twice."""
        await asyncio.gather(*(seat.stop() for seat in self.seats))

    async def ask(self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
        """What `read` makes of the answer of whichever server is least busy.

        A server that goes down under it costs the request nothing: it is asked again. Raises `RowFailed`
        (`no_reply`) when servers that are well leave it unanswered, and `WorldError` when none is left.
        """
        tries = 0
        while True:
            seat = self._least_busy()
            seat.in_flight += 1
            try:
                endpoint = await seat.endpoint()
                return await endpoint.ask("POST", path, body, read)
            except Gone as gone:
                if await seat.is_well(endpoint):
                    tries += 1
                if tries >= _TRIES:
                    raise RowFailed("no_reply", gone.sentence) from None
                if self._all_lost():
                    raise
            except WorldError:
                if not seat.is_lost or self._all_lost():
                    raise
            finally:
                seat.in_flight -= 1

    def load(self) -> Load:
        """What the servers last said of themselves, together."""
        return sum((seat.load for seat in self.seats), Load())

    def restarted(self) -> int:
        """How often servers were started again."""
        return sum(seat.restarted for seat in self.seats)

    def _least_busy(self) -> Standing | Supervised:
        """Of those that are up; else of those that are coming back; else any, which then says why it was given up."""
        return min(self.seats, key=lambda seat: (seat.is_lost, not seat.is_up, seat.in_flight))

    def _all_lost(self) -> bool:
        return all(seat.is_lost for seat in self.seats)
