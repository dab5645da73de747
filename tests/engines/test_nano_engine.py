"""The nano engine: asyncio on one side, decoding threads on the other."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from smoltalk.engines.nano import Nano
from smoltalk.errors import RowFailed, WorldError
from smoltalk.llama.batching import Batch, Job
from smoltalk.requests import Reply, Request, Sampling
from tests.processes import LONGEST


def asked(text: str, seed: int = 0, **sampling: object) -> Request:
    fields = {"max_tokens": 20, "temperature": 1.0} | sampling
    return Request([{"role": "user", "content": text}], Sampling(**fields), seed=seed)  # type: ignore[arg-type]


def with_nano(work: Callable[[Nano], Awaitable[None]], max_in_flight: int = 16) -> None:
    async def main() -> None:
        engine = Nano(max_in_flight=max_in_flight)
        await engine.start(Path())
        try:
            await work(engine)
        finally:
            await engine.stop()

    asyncio.run(main())


def test_replies_repeat_in_any_company() -> None:
    requests = [asked(f"What is {seed} + {seed % 7}?", seed) for seed in range(40)]

    async def work(engine: Nano) -> None:
        together = await asyncio.gather(*(engine.complete(request) for request in requests))
        shuffled = await asyncio.gather(*(engine.complete(request) for request in requests[::-1]))
        alone = [await engine.complete(request) for request in requests[:5]]
        assert [reply.text for reply in together] == [reply.text for reply in shuffled[::-1]]
        assert [reply.text for reply in together[:5]] == [reply.text for reply in alone]

    with_nano(work)


def test_a_reply_says_what_it_took() -> None:
    async def work(engine: Nano) -> None:
        reply = await engine.complete(asked("What is 2 + 3?", temperature=0.0))
        assert reply.text
        assert reply.finish == "stop"
        assert reply.tokens_in > 8
        assert 1 < reply.tokens_out <= 20
        assert reply.seconds > 0
        cut = await engine.complete(asked("What is 2 + 3?", temperature=0.0, max_tokens=1))
        assert (cut.finish, cut.tokens_out) == ("length", 1)

    with_nano(work)


def test_it_writes_user_turns_too() -> None:
    async def work(engine: Nano) -> None:
        request = Request([], Sampling(max_tokens=30, stop=("?",)), role="user", seed=4)
        reply = await engine.complete(request)
        assert reply.text
        assert "?" not in reply.text

    with_nano(work)


def test_cancelled_requests_leave_and_the_rest_goes_on() -> None:
    async def work(engine: Nano) -> None:
        long = [
            asyncio.create_task(engine.complete(asked("Hello!", seed, temperature=5.0, max_tokens=900)))
            for seed in range(8)
        ]
        await asyncio.sleep(0)
        for task in long:
            task.cancel()
        assert (await engine.complete(asked("Hello!", temperature=0.0))).text
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*long, return_exceptions=True)
        )
        assert engine._workers is not None
        assert not engine._workers._futures

    with_nano(work, max_in_flight=2)


def test_a_failure_in_a_thread_reaches_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Batch) -> None:
        raise MemoryError("no room")

    async def work(engine: Nano) -> None:
        monkeypatch.setattr(Batch, "step", fail)
        ends = await asyncio.gather(*(engine.complete(asked("Hi", seed)) for seed in range(9)), return_exceptions=True)
        assert all(isinstance(end, WorldError) and "MemoryError: no room" in str(end) for end in ends)
        with pytest.raises(WorldError, match="MemoryError"):
            await engine.complete(asked("Hi"))

    with_nano(work)


def test_stopping_is_safe_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    leave = threading.Event()

    def hold(self: Batch) -> list[Job]:
        leave.wait(LONGEST)
        return []

    async def main() -> None:
        engine = Nano()
        await engine.stop()
        with pytest.raises(WorldError, match="not started"):
            await engine.complete(asked("Hi"))
        await engine.start(Path())
        with monkeypatch.context() as patch:
            patch.setattr(Batch, "step", hold)  # it is under way for as long as it takes to stop
            pending = asyncio.create_task(engine.complete(asked("Hi")))
            await asyncio.sleep(0)
            stopping = asyncio.create_task(engine.stop())
            with pytest.raises(WorldError, match="stopped"):
                await pending
            leave.set()
            await stopping
        await engine.stop()
        await engine.start(Path())
        assert isinstance(await engine.complete(asked("Hi")), Reply)
        await engine.stop()

    asyncio.run(main())


def test_a_conversation_that_fills_the_context_fails_its_row() -> None:
    async def work(engine: Nano) -> None:
        with pytest.raises(RowFailed) as caught:
            await engine.complete(asked("books and maps " * 3000))
        assert caught.value.kind == "prompt_too_long"

    with_nano(work)


def test_check_plan_and_identity_need_no_start(tmp_path: Path) -> None:
    assert list(Nano().check()) == []
    assert Nano(max_in_flight=3).plan().endswith("M-parameter Llama on numpy, CPU, 3 in flight")
    assert Nano().identity() == Nano(max_in_flight=3, model=Nano().folder).identity()
    assert json.dumps(Nano().identity())
    (problem,) = Nano(model=tmp_path).check()
    assert problem == f"the model folder {tmp_path} lacks config.json, model.safetensors, tokenizer.json"


def test_a_reward_model_does_not_write() -> None:
    engine = Nano(model=Nano().folder.parent / "reward")
    with pytest.raises(WorldError, match="holds a reward model"):
        asyncio.run(engine.start(Path()))


def test_the_shipped_model_has_the_licence_of_the_package(tmp_path: Path) -> None:
    assert Nano().licence == "Apache-2.0" and Nano(model=tmp_path).licence is None
