"""The vllm engine on a real `vllm serve` with nano: user turns, forms, the first token, and a server killed at work."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from smoltalk.chat_format import first_token_bias
from smoltalk.endpoint import Endpoint
from smoltalk.engines.vllm import Vllm
from smoltalk.errors import RowFailed, WorldError
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import message
from tests.processes import below, until, words_of

NANO = Path(__file__).resolve().parents[2] / "smoltalk" / "nano" / "model"
SMALL: dict[str, Any] = {"max_model_len": 512, "max_num_seqs": 32, "enforce_eager": True, "dtype": "float32"}
IN_FLIGHT, MANY = 32, 200
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string", "maxLength": 40}, "quality": {"enum": ["good", "poor"]}},
    "required": ["reason", "quality"],
    "additionalProperties": False,
}


def asking(text: str, seed: int = 0, tokens: int = 48, **fields: Any) -> Request:
    turns = [message("user", text)] if text else []
    forbidden = fields.pop("forbid_first", ())
    return Request(turns, Sampling(max_tokens=tokens, forbid_first=forbidden), seed=seed, **fields)


async def writes_users(engine: Vllm) -> None:
    turns = await asyncio.gather(*(engine.complete(asking("", seed, role="user")) for seed in range(8)))
    assert all(turn.finish == "stop" and turn.text.strip() for turn in turns)
    assert not any("<|" in turn.text for turn in turns), "a turn ends before its control tokens"
    assert len({turn.text for turn in turns}) > 3, "seeds make different users"


async def answers_them(engine: Vllm) -> None:
    request = asking("What is the capital of Chile?", seed=3)
    reply = await engine.complete(request)
    assert reply.finish == "stop"
    assert reply.tokens_in > 5 < reply.tokens_out + 5


async def keeps_to_forms(engine: Vllm) -> None:
    rated, numbered, chosen = await asyncio.gather(
        engine.complete(asking("Rate this question: What is 2 + 2?", tokens=96, schema=SCHEMA)),
        engine.complete(asking("hello", regex="[0-9]{3}")),
        engine.complete(asking("hello", choice=("yes", "no"))),
    )
    assert json.loads(rated.text)["quality"] in ("good", "poor"), rated
    assert len(numbered.text) == 3 and numbered.text.isdecimal()
    assert chosen.text in ("yes", "no")


async def forbids_the_first_token_alone(engine: Vllm) -> None:
    plain = await engine.complete(asking("", 5, role="user"))
    start = plain.text.split()[0]
    assert first_token_bias(NANO, (start,)), "the test forbids something"
    for role, text in (("user", ""), ("assistant", "Say it again.")):
        fields: dict[str, Any] = {"role": role, "forbid_first": (start,)}
        others = await asyncio.gather(*(engine.complete(asking(text, seed, **fields)) for seed in range(8)))
        assert not any(other.text.startswith(start) for other in others)
        assert all(other.tokens_out >= len(other.text.split()) for other in others)


async def refuses_one_long_prompt(engine: Vllm) -> None:
    with pytest.raises(RowFailed, match="prompt_too_long"):
        await engine.complete(asking("word " * 800))


async def survives_a_kill(engine: Vllm, monkeypatch: pytest.MonkeyPatch) -> list[Reply]:
    """Kill the server as soon as the first is answered; all are, and no more are sent twice than were in flight."""
    sent: list[str] = []
    ask = Endpoint.ask

    async def counted(self: Endpoint, method: str, path: str, *rest: Any, **fields: Any) -> Any:
        sent.append(path)
        return await ask(self, method, path, *rest, **fields)

    room = asyncio.Semaphore(IN_FLIGHT)  # as in a run

    async def complete(seed: int) -> Reply:
        async with room:
            return await engine.complete(asking("", seed, role="user"))

    monkeypatch.setattr(Endpoint, "ask", counted)
    work = [asyncio.ensure_future(complete(seed)) for seed in range(100, 100 + MANY)]
    await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    victims = [process for process in below() if "--port=" in " ".join(words_of(process))]
    os.kill(victims[-1].pid, signal.SIGKILL)
    replies = await asyncio.gather(*work)
    assert engine.restarted() == 1
    assert MANY < len(sent) <= MANY + IN_FLIGHT
    return replies


@pytest.mark.timeout(1200)
def test_everything_a_step_asks(vllm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Vllm(model=str(NANO), command=vllm, max_in_flight=IN_FLIGHT, **SMALL)

    async def scene() -> list[Reply]:
        await engine.start(tmp_path)
        try:
            await writes_users(engine)
            await answers_them(engine)
            await keeps_to_forms(engine)
            await forbids_the_first_token_alone(engine)
            await refuses_one_long_prompt(engine)
            return await survives_a_kill(engine, monkeypatch)
        finally:
            await engine.stop()

    before = below()
    replies = asyncio.run(scene())
    assert len(replies) == MANY
    assert all(reply.text for reply in replies)
    assert until(lambda: not below(besides=before))


@pytest.mark.timeout(600)
def test_a_start_that_fails_shows_the_servers_own_words(vllm: str, tmp_path: Path) -> None:
    engine = Vllm(model=str(NANO), command=vllm, **{**SMALL, "max_model_len": 5000})
    before = below()
    with pytest.raises(WorldError) as caught:
        asyncio.run(engine.start(tmp_path))
    assert "vllm serve" in str(caught.value) and "did not start" in str(caught.value)
    assert "5000" in str(caught.value)
    assert "lower `max_model_len`" in str(caught.value)
    assert until(lambda: not below(besides=before))
