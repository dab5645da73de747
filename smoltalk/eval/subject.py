"""A model under evaluation: its name, the engine that runs it, and where its weights are."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from smoltalk.contracts import Engine
from smoltalk.errors import Problem, UserError
from smoltalk.eval.asking import Asking, Said
from smoltalk.eval.task import Item, Tell
from smoltalk.requests import Request, Sampling
from smoltalk.rows import Message


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


@dataclass
class Subject:
    """A model whose engine is up, or is not needed."""

    model: Model
    asking: Asking

    @property
    def name(self) -> str:
        """As tables have it."""
        return self.model.name

    def weights(self, what: str) -> str:
        """Where the weights are. Raises `UserError` where nobody knows; `what` is the task that needs them."""
        if self.model.weights is None:
            sentence = f"`{what}` looks at the weights themselves, and of {self.name} only an engine is known"
            raise UserError([Problem("--tasks", 0, sentence, "name the model by its folder or its id on the Hub")])
        return self.model.weights

    async def answers(self, items: Sequence[Item], sampling: Sampling, tell: Tell) -> list[list[Said]]:
        """For each item an answer to each of its user turns, in order."""
        done = 0

        async def one(item: Item) -> list[Said]:
            nonlocal done
            said = await self._talk(item, sampling)
            done += 1
            tell(done, len(items))
            return said

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
        return [task.result() for task in tasks]

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
