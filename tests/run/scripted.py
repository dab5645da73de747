"""Engines for tests: replies are a function of the request, so a run of any length is known beforehand."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

from smoltalk.contracts import Ask, Engine, Source, Write
from smoltalk.errors import RowFailed, WorldError
from smoltalk.placement import Need, main_memory
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import Conversation, Row, message


class Scripted(Engine):
    """Writes user turns `question <seed>` and answers `answer to <question>`; ratings when a schema is asked for."""

    style: Literal["good", "rude"] = "good"
    broken_every: int = 0
    """Every n-th reply is empty, told from the seed."""
    delay: float = 0.0

    async def start(self, folder: Path) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def complete(self, request: Request) -> Reply:
        await asyncio.sleep(self.delay)
        if self.broken_every and request.seed % self.broken_every == 0:
            return Reply("", tokens_in=1)
        if request.schema:
            text = json.dumps(
                {
                    name: field["enum"][request.seed % len(field["enum"])] if "enum" in field else "because"
                    for name, field in request.schema["properties"].items()
                }
            )
        elif request.role == "user":
            text = f"question {request.seed}"
        else:
            text = f"{self.style} answer to {request.messages[-1]['content']}"
        return Reply(text, tokens_in=10, tokens_out=len(text.split()))


class Wordy(Scripted):
    """Answers at different lengths, told from the seed."""

    async def complete(self, request: Request) -> Reply:
        reply = await super().complete(request)
        return reply._replace(text=reply.text + " indeed" * (request.seed % 3) if reply.text else "")


class Charging(Scripted):
    """Every reply costs the same."""

    each: float = 1.0

    async def complete(self, request: Request) -> Reply:
        return (await super().complete(request))._replace(cost=self.each)


class Thinking(Scripted):
    """Thinks aloud beside its reply, at a price; needs more room than it is first given."""

    async def complete(self, request: Request) -> Reply:
        reply = (await super().complete(request))._replace(reasoning="let me see", cost=0.25, cached=8)
        return reply if request.sampling.max_tokens > 512 else reply._replace(finish="length")


class Refusing(Scripted):
    """Refuses whatever it is asked, at a price."""

    async def complete(self, request: Request) -> Reply:
        return Reply("I cannot help.", "refused", tokens_in=10, tokens_out=4, cost=0.5)


class Scorer(Engine):
    """Scores a conversation by its length."""

    kind = "scores"

    async def start(self, folder: Path) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def score(self, messages: Conversation) -> Reply:
        return Reply(repr(float(sum(len(m["content"]) for m in messages) % 97)), finish="score", tokens_in=1)


class Surrogate(Scripted):
    """Answers with half a character, as a tokenizer that splits bytes can."""

    async def complete(self, request: Request) -> Reply:
        return Reply("half \ud83d of it", tokens_in=1, tokens_out=3)


class Dying(Scripted):
    """Is gone after a number of replies."""

    after: int = 10

    async def complete(self, request: Request) -> Reply:
        if request.seed % self.after == 0:
            raise WorldError("the engine is gone")
        return await super().complete(request)


class Prefix(Write):
    """A step of one's own: asks with a prefix, keeps the answer under a name."""

    engine: str
    prefix: str
    column: str
    fails: bool = False
    """Trips over every reply."""
    writes_too: str = ""
    """A column it writes and does not declare."""

    def reads(self) -> frozenset[str]:
        return frozenset({"instruction"})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def engines(self) -> frozenset[str]:
        return frozenset({self.engine})

    def identity(self) -> dict[str, Any]:
        return {}

    async def write(self, row: Row, ask: Ask) -> Row:
        def parse(reply: Reply) -> str:
            if self.fails:
                raise TypeError("no reply is good enough")
            return reply.text

        request = Request([message("user", f"{self.prefix} {row['instruction']}")], Sampling())
        more = {self.writes_too: "?"} if self.writes_too else {}
        return more | {self.column: await ask(self.engine, request, parse)}


class Signed(Write):
    """Keeps who wrote the answer, as `<column>_by`."""

    engine: str
    column: str

    def reads(self) -> frozenset[str]:
        return frozenset({"instruction"})

    def writes(self) -> frozenset[str]:
        return frozenset({f"{self.column}_by"})

    def engines(self) -> frozenset[str]:
        return frozenset({self.engine})

    async def write(self, row: Row, ask: Ask) -> Row:
        request = Request([message("user", row["instruction"])], Sampling())
        return {f"{self.column}_by": await ask(self.engine, request, lambda reply: reply.engine)}


class OtherPrefix(Prefix):
    """Another class with the same fields."""


class Shared(Source):
    """A source that breaks its word: every fifth row is of no share it named, and another fifth cannot be read."""

    def writes(self) -> frozenset[str]:
        return frozenset({"instruction"})

    def shares(self) -> tuple[str, Mapping[str, float]]:
        return "instruction", {"a": 1.0, "b": 1.0}

    def size(self) -> None:
        return None

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        for index in count(start):
            yield RowFailed("unreadable", "torn") if index % 5 == 1 else {"instruction": "a-cab"[index % 5]}


class Heavy(Scripted):
    """An engine that takes more than half of the machine: two of them never fit side by side."""

    number: int = 0
    each: float = 0.0
    """What every reply costs."""
    mute_every: int = 0
    """Every n-th request stays without a reply, told from the seed."""
    up: ClassVar[set[int]] = set()
    history: ClassVar[list[int]] = []

    def need(self, name: str, on_gpus: bool) -> Need:
        return Need(name, bytes_each=int(0.6 * main_memory()))

    async def start(self, folder: Path) -> None:
        assert not self.up, "another is still up"
        self.up.add(self.number)
        self.history.append(self.number)

    async def stop(self) -> None:
        self.up.discard(self.number)

    async def complete(self, request: Request) -> Reply:
        assert self.up == {self.number}, "asked while it is down"
        if self.mute_every and request.seed % self.mute_every == 0:
            raise RowFailed("no_reply", "nothing came back")
        return (await super().complete(request))._replace(cost=self.each)
