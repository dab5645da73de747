"""How a row gets a reply: the journal first, then the engine; every attempt is counted and written down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeVar

from smoltalk.attempts import again, taken
from smoltalk.contracts import Engine
from smoltalk.distil.plain import request_seed
from smoltalk.errors import BadReply, RowFailed
from smoltalk.requests import Reply, Request
from smoltalk.rows import Conversation
from smoltalk.run.budget import Budget
from smoltalk.run.clock import Clock
from smoltalk.run.journal import Journal, Past
from smoltalk.run.turns import Parked
from smoltalk.text import valid
from smoltalk.vectors import vector_of

T = TypeVar("T")


class Desk:
    """An engine's counter: one budget of requests in flight, shared by every step that asks it."""

    __slots__ = (
        "_budget", "clock", "cost", "engine", "name", "open", "servers", "tokens_in", "tokens_out",
    )  # fmt: skip

    def __init__(self, name: str, engine: Engine) -> None:
        self.name, self.engine = name, engine
        self._budget = Budget(engine.max_in_flight)
        self.clock = Clock(engine.max_in_flight)
        self.open = False
        """Whether its engine is up."""
        self.servers = 1
        """How many of them the engine runs."""
        self.tokens_in = self.tokens_out = 0
        """Of this session."""
        self.cost = 0.0

    async def complete(self, request: Request, row: int) -> Reply:
        """Wait for room, then ask; older rows go first. The reply says which engine wrote it."""
        budget = self._budget
        if not budget.try_take():
            await budget.take(row)
        try:
            reply = await self.engine.complete(request)
        finally:
            budget.give()
        self._count(reply)
        text = reply.text if reply.text.isascii() else valid(reply.text)
        # Not `_replace`, which goes through a mapping: every reply comes by here.
        return Reply(text, *reply[1:5], reply.engine or self.name, *reply[6:])

    async def score(self, messages: Conversation, row: int) -> Reply:
        """Wait for room, then score; older rows go first."""
        return await self._in_turn(lambda: self.engine.score(messages), row)

    async def embed(self, text: str, row: int) -> Reply:
        """Wait for room, then embed; older rows go first."""
        return await self._in_turn(lambda: self.engine.embed(text), row)

    async def _in_turn(self, asked: Callable[[], Awaitable[Reply]], row: int) -> Reply:
        await self._budget.take(row)
        try:
            reply = await asked()
        finally:
            self._budget.give()
        self._count(reply)
        return reply

    def _count(self, reply: Reply) -> None:
        self.tokens_in += reply.tokens_in
        self.tokens_out += reply.tokens_out
        self.cost += reply.cost

    @property
    def in_flight(self) -> int:
        """Requests that the engine has now."""
        return self._budget.taken

    def look(self) -> None:
        """Tell the clock how full the engine is. Looked at now and then: at every request it would cost a row 4 %."""
        self.clock.see(self._budget.taken)

    def look_for_servers(self) -> None:
        """Tell the clock whether there is a server at all: while the last one starts again, nothing is at work."""
        if self.open:
            gone = self.engine.gauges().get("down", 0) >= self.servers
            if gone != (self.clock.state == "starting"):
                self.clock.turn("starting" if gone else "up")


class Asker(NamedTuple):
    """What all rows share when they ask from one step."""

    desks: Mapping[str, Desk]
    journal: Journal
    seed: int
    label: str
    fingerprint: str
    """Replies are kept under it."""


class StepAsk:
    """One step's `Ask` for one row; see `smoltalk.contracts.Ask`."""

    __slots__ = ("_asker", "_id", "_past", "_row")

    def __init__(self, asker: Asker, past: Past, row: int, row_id: str) -> None:
        self._asker, self._past, self._row, self._id = asker, past, row, row_id

    async def __call__(
        self, engine: str, request: Request, parse: Callable[[Reply], T], *, turn: int = 0, attempts: int = 3
    ) -> T:
        desks, _, run_seed, label, fingerprint = self._asker
        desk = desks[engine]
        last: BadReply | None = None
        for attempt in range(attempts):
            reply = self._past.get((fingerprint, turn, attempt)) if self._past else None
            fresh = reply is None
            if reply is None:
                if not desk.open:
                    raise Parked
                seed = request_seed(run_seed, self._row, fingerprint, turn, attempt)
                reply = await desk.complete(Request(*request[:4], seed, *request[5:]), self._row)
            bad, fault = "", None
            try:
                value = parse(reply if reply.finish == "stop" else taken(reply))
            except BadReply as error:
                last, bad = error, error.kind
                request = again(request, reply, error)
            except Exception as error:  # the row's end, or a step's fault: the reply is paid for, so it is kept
                bad, fault = error.kind if isinstance(error, RowFailed) else "step_error", error
            if fresh:
                await self._keep(desk, turn, attempt, reply, bad)
            if fault is not None:
                raise fault
            if not bad:
                return value
        last = last or BadReply("no_attempts")
        raise RowFailed(last.kind, f"{label}: {last.detail or last.kind}")

    async def score(self, engine: str, messages: Conversation, *, turn: int = 0) -> float:
        return float(await self._once(engine, turn, lambda desk: desk.score(messages, self._row)))

    async def embed(self, engine: str, text: str, *, turn: int = 0) -> list[float]:
        return vector_of(await self._once(engine, turn, lambda desk: desk.embed(text, self._row)))

    async def _once(self, engine: str, turn: int, ask: Callable[[Desk], Awaitable[Reply]]) -> str:
        reply = self._past.get((self._asker.fingerprint, turn, 0)) if self._past else None
        if reply is None:
            desk = self._asker.desks[engine]
            if not desk.open:
                raise Parked
            reply = await ask(desk)
            await self._keep(desk, turn, 0, reply, "")
        return reply.text

    def _keep(self, desk: Desk, turn: int, attempt: int, reply: Reply, bad: str) -> "asyncio.Future[None]":
        _, journal, _, label, fingerprint = self._asker
        if not reply.engine:
            reply = reply._replace(engine=desk.name)
        return journal.reply(label, (self._row, self._id, fingerprint, turn, attempt), reply, bad)
