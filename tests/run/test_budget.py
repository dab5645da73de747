"""Places are never lost or doubled, and the oldest row goes first."""

import asyncio

from smoltalk.run.budget import Budget


def test_oldest_row_goes_first_and_cancelled_waiters_lose_nothing() -> None:
    async def scene() -> list[int]:
        budget, order = Budget(1), []
        await budget.take(0)

        async def work(rank: int) -> None:
            await budget.take(rank)
            order.append(rank)
            await asyncio.sleep(0)
            budget.give()

        tasks = {rank: asyncio.create_task(work(rank)) for rank in (9, 3, 7, 5)}
        await asyncio.sleep(0)
        tasks[3].cancel()
        budget.give()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert budget.try_take() and not budget.try_take(), "the one place is back"
        return order

    assert asyncio.run(scene()) == [5, 7, 9]


def test_a_place_handed_to_a_cancelled_waiter_goes_on() -> None:
    async def scene() -> bool:
        budget = Budget(1)
        await budget.take()
        waiter = asyncio.create_task(budget.take())
        await asyncio.sleep(0)
        budget.give()
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        return budget.try_take()

    assert asyncio.run(scene())
