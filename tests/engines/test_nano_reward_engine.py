"""The nano_reward engine scores as transformers does, whatever else is in flight."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from smoltalk.engines.nano import Nano
from smoltalk.engines.nano_reward import NanoReward
from smoltalk.errors import RowFailed, WorldError

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "nano_parity.json").read_text("utf-8"))


def with_reward(work: Callable[[NanoReward], Awaitable[None]]) -> None:
    async def main() -> None:
        engine = NanoReward(max_in_flight=16)
        await engine.start(Path())
        try:
            await work(engine)
        finally:
            await engine.stop()

    asyncio.run(main())


def test_scores_agree_with_transformers() -> None:
    async def work(engine: NanoReward) -> None:
        replies = await asyncio.gather(*(engine.score(case["messages"]) for case in GOLDEN["rewards"]))
        for case, reply in zip(GOLDEN["rewards"], replies, strict=True):
            assert float(reply.text) == pytest.approx(case["score"], abs=1e-3)
            assert reply.finish == "score"
            assert reply.tokens_in > 0

    with_reward(work)


def test_scores_are_the_same_bits_in_any_company() -> None:
    talks = [case["messages"] for case in GOLDEN["rewards"]] * 3

    async def work(engine: NanoReward) -> None:
        together = await asyncio.gather(*(engine.score(talk) for talk in talks))
        alone = [await engine.score(talk) for talk in talks[9::-1]]
        assert [reply.text for reply in together[:10]] == [reply.text for reply in alone[::-1]]

    with_reward(work)


def test_too_long_a_conversation_fails_its_row() -> None:
    async def work(engine: NanoReward) -> None:
        with pytest.raises(RowFailed, match="prompt_too_long"):
            await engine.score([{"role": "user", "content": "books and maps " * 3000}])

    with_reward(work)


def test_it_needs_a_start_and_a_reward_model() -> None:
    with pytest.raises(WorldError, match="not started"):
        asyncio.run(NanoReward().score([{"role": "user", "content": "Hi"}]))
    with pytest.raises(WorldError, match="holds no reward model"):
        asyncio.run(NanoReward(model=Nano().folder).start(Path()))


def test_check_plan_and_identity_need_no_start() -> None:
    assert NanoReward.kind == "scores"
    assert list(NanoReward().check()) == []
    assert NanoReward().plan().startswith("nano_reward: ")
    assert NanoReward().identity() != Nano().identity()
