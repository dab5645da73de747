"""A model under evaluation: its name, the engine that runs it, and where its weights are."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from smoltalk.contracts import Engine
from smoltalk.errors import Problem, UserError
from smoltalk.eval.asking import Asking, Said
from smoltalk.eval.task import Item, Tell
from smoltalk.requests import Request, Sampling
from smoltalk.rows import Message

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Model:
    """A model as the command line names it."""

    name: str
    """In tables: unique among those that are evaluated together."""
    engine: Engine
    weights: str | None = None
    """A folder, or an id of the Hub; None where only an engine is known."""
    given: str = ""
    """As the user wrote it."""

    def weights_for(self, task: str) -> str:
        """Where the weights are, for a task that looks at them. Raises `UserError` where nobody knows."""
        if self.weights is None:
            sentence = f"`{task}` looks at the weights themselves, and of {self.name} only an engine is known"
            raise UserError([Problem("--tasks", 0, sentence, "name the model by its folder or its id on the Hub")])
        return self.weights


@dataclass
class Subject:
    """A model whose engine is up, or is not needed."""

    model: Model
    asking: Asking

    @property
    def name(self) -> str:
        """As tables have it."""
        return self.model.name

    async def answers(self, items: Sequence[Item], sampling: Sampling, tell: Tell) -> list[list[Said]]:
        """For each item an answer to each of its user turns, in order."""
        return await self.over(items, lambda item: self._talk(item, sampling), tell)

    async def over(self, items: Sequence[T], work: Callable[[T], Awaitable[R]], tell: Tell) -> list[R]:
        """What `work` makes of each item, in their order; as many at once as the engine takes."""
        found = dict[int, R]()
        todo = iter(enumerate(items))

        async def worker() -> None:
            for place, item in todo:
                found[place] = await work(item)
                tell(len(found), len(items))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(items), self.model.engine.max_in_flight)):
                group.create_task(worker())
        return [found[place] for place in range(len(items))]

    async def _talk(self, item: Item, sampling: Sampling) -> list[Said]:
        talk, said = list(item.messages), list[Said]()
        for place in range(1 + len(item.more)):
            if place:
                told: list[Message] = [
                    {"role": "assistant", "content": said[-1].text},
                    {"role": "user", "content": item.more[place - 1]},
                ]
                talk += told
            said.append(await self.asking(Request(list(talk), sampling)))
        return said
