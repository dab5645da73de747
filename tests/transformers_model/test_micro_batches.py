"""Calls are batched by what waits, nobody starves, and a batch's mistake is heard by its callers alone."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from smoltalk.errors import RowFailed, WorldError
from smoltalk.transformers_model.micro_batches import MicroBatches
from tests.processes import LONGEST


def test_answers_reach_their_callers_in_full_batches() -> None:
    seen: list[list[str]] = []

    def work(batch: Sequence[str]) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        seen.append(list(batch))
        return [one.upper() for one in batch]

    async def main() -> list[str]:
        batches = MicroBatches(work, 3, len)
        answers = await asyncio.gather(*(batches.ask(one) for one in ["a", "bbbb", "c", "dddd", "e", "ffff"]))
        await batches.stop()
        return answers

    assert asyncio.run(main()) == ["A", "BBBB", "C", "DDDD", "E", "FFFF"]
    assert seen == [["a", "c", "e"], ["bbbb", "dddd", "ffff"]], "of like length, the oldest first"


def test_the_oldest_is_always_in_the_next_batch() -> None:
    order: list[str] = []

    def work(batch: Sequence[str]) -> Sequence[str]:
        order.extend(batch)
        return batch

    async def main() -> None:
        batches = MicroBatches(work, 1, len)
        await asyncio.gather(*(batches.ask(one) for one in ["a" * 9, "b", "c", "d"]))

    asyncio.run(main())
    assert order == ["a" * 9, "b", "c", "d"]


@pytest.mark.parametrize("error", [ValueError, RowFailed])
def test_a_mistake_is_heard_by_its_caller_alone(error: Callable[[str], Exception]) -> None:
    def work(batch: Sequence[str]) -> Sequence[str]:
        if "bad" in batch:
            raise error("no")
        return batch

    async def main() -> list[object]:
        batches = MicroBatches(work, 3, len)
        asked = ["a", "bad", "c", "d"]
        return await asyncio.gather(*(batches.ask(one) for one in asked), return_exceptions=True)

    first, second, *others = asyncio.run(main())
    assert [first, *others] == ["a", "c", "d"] and str(second) == str(error("no"))


def test_what_ends_all_is_not_tried_one_by_one() -> None:
    tried = []

    def work(batch: Sequence[str]) -> Sequence[str]:
        tried.append(len(batch))
        raise WorldError("no memory")

    async def main() -> list[object]:
        batches = MicroBatches(work, 4, len)
        return await asyncio.gather(*(batches.ask(one) for one in "abcd"), return_exceptions=True)

    assert [type(each) for each in asyncio.run(main())] == [WorldError] * 4
    assert tried == [4]


def test_who_gives_up_is_not_worked_for() -> None:
    seen: list[str] = []
    held, go = threading.Event(), threading.Event()

    def work(batch: Sequence[str]) -> Sequence[str]:
        held.set()
        go.wait(LONGEST)
        seen.extend(batch)
        return batch

    async def main() -> None:
        batches = MicroBatches(work, 1, len)
        first = asyncio.create_task(batches.ask("first"))
        gone = asyncio.create_task(batches.ask("gone"))
        await asyncio.to_thread(held.wait, LONGEST)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        late = asyncio.create_task(batches.ask("late"))
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(first, late) == ["first", "late"]

    asyncio.run(main())
    assert seen == ["first", "late"]


def test_stop_waits_for_the_work_and_cancels_the_rest() -> None:
    held, go = threading.Event(), threading.Event()

    def work(batch: Sequence[str]) -> Sequence[str]:
        held.set()
        go.wait(LONGEST)
        return batch

    async def main() -> None:
        batches = MicroBatches(work, 1, len)
        asks = [asyncio.create_task(batches.ask(one)) for one in ("at work", "waiting")]
        await asyncio.to_thread(held.wait, LONGEST)
        stopping = asyncio.create_task(batches.stop())
        await asyncio.sleep(0)
        go.set()
        await stopping
        assert await asks[0] == "at work"
        with pytest.raises(asyncio.CancelledError):
            await asks[1]

    asyncio.run(main())
