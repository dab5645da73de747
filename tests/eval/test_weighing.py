"""Conversations are weighed in blocks, and nobody who leaves waits for the rest."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from smoltalk.eval.weighing import Scales, weighed
from smoltalk.train.losses import CausalModel, Weighed
from smoltalk.train.spelling import Talk

SCALES = Scales("somewhere", "cpu", 10)


class Pretends:
    """A model that says how many conversations it is given at once."""

    def __init__(self) -> None:
        self.blocks: list[int] = []

    def weigh(self, talks: Sequence[Any], of: str, tell: Callable[[int, int], None], kept: Any) -> list[Weighed]:
        self.blocks.append(len(talks))
        tell(len(talks), len(talks))
        return [Weighed(float(talk.turns[0]["content"]), 1, 1) for talk in talks]


def talks(count: int) -> Iterator[Talk]:
    return (Talk([{"role": "user", "content": str(number)}]) for number in range(count))


def test_blocks_do_not_grow_with_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    model, told = Pretends(), list[tuple[int, int]]()
    monkeypatch.setattr(CausalModel, "load", lambda *_: model)
    found = asyncio.run(weighed(SCALES, talks(300), "all", 300, lambda *done: told.append(done)))
    assert [one.nats for one in found] == list(range(300))
    assert sum(model.blocks) == 300 and max(model.blocks) <= 128
    assert told[-1] == (300, 300) and sorted(told) == told


def test_who_leaves_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Pretends):
        def weigh(self, talks: Sequence[Any], of: str, tell: Callable[[int, int], None], kept: Any) -> list[Weighed]:
            while True:
                tell(1, 2)

    monkeypatch.setattr(CausalModel, "load", lambda *_: Endless())

    async def leaves() -> None:
        began, loop = asyncio.Event(), asyncio.get_running_loop()

        def told(done: int, of: int) -> None:
            loop.call_soon_threadsafe(began.set)

        work = asyncio.create_task(weighed(SCALES, talks(3), "all", 3, told))
        await began.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(leaves())  # it waits for its threads: this ends only if they do
