"""Suspects are let in a few at a time, and the one to blame is found alone."""

import asyncio
from collections.abc import Awaitable, Callable

from smoltalk.serving.suspects import Case, Suspects


class Pretend:
    """A server that goes down whenever a culprit is under way, with everybody who is."""

    def __init__(self, culprits: set[int]) -> None:
        self.culprits, self.under_way = culprits, dict[int, asyncio.Event]()
        self.downs, self.most = 0, 0

    async def ask(self, name: int) -> bool:
        """Whether it answers."""
        down = self.under_way[name] = asyncio.Event()
        self.most = max(self.most, len(self.under_way))
        for _ in range(5):
            await asyncio.sleep(0)
        if name in self.culprits and not down.is_set():
            self.downs += 1
            for each in self.under_way.values():
                each.set()
        self.under_way.pop(name)
        return not down.is_set()


async def outcome(suspects: Suspects, server: Pretend, name: int) -> str:
    case = Case(downs=1)
    while True:
        async with suspects.turn(case):
            if await server.ask(name):
                return "answered"
            if case.went_down():
                return "guilty"


def found(server: Pretend, many: int) -> list[str]:
    async def whole() -> list[str]:
        suspects = Suspects()
        return list(await asyncio.gather(*(outcome(suspects, server, name) for name in range(many))))

    return asyncio.run(whole())


def test_the_one_to_blame_is_found_and_nobody_else() -> None:
    for many in (1, 2, 3, 4, 10, 256):
        for culprit in {0, many // 2, many - 1}:
            server = Pretend({culprit})
            assert found(server, many) == ["guilty" if name == culprit else "answered" for name in range(many)]
            assert server.downs <= 2, "with the one that made them suspects: three"


def test_several_are_found() -> None:
    server = Pretend({3, 4, 200})
    assert [name for name, word in enumerate(found(server, 256)) if word == "guilty"] == [3, 4, 200]


def test_the_innocent_go_many_at_a_time() -> None:
    server = Pretend(set())
    found(server, 256)
    assert server.most == 16


def test_who_is_no_suspect_passes_at_once() -> None:
    async def whole() -> None:
        suspects = Suspects()
        async with suspects.turn(Case(downs=2)), suspects.turn(Case()):
            pass

    asyncio.run(whole())


def test_who_gives_up_holds_nobody_up() -> None:
    async def whole() -> None:
        suspects = Suspects()

        async def wait(case: Case, then: Callable[[], Awaitable[None]]) -> None:
            async with suspects.turn(case):
                await then()

        held, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            await held.wait()

        async def finish() -> None:
            done.set()

        first = asyncio.create_task(wait(Case(downs=2), hold))
        second = asyncio.create_task(wait(Case(downs=2), finish))
        third = asyncio.create_task(wait(Case(downs=2), finish))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait_for(third, 60)
        await asyncio.gather(first, second, return_exceptions=True)
        assert done.is_set()

    asyncio.run(whole())
