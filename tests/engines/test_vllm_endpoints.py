"""The vllm engine at servers that somebody else started."""

import asyncio
from pathlib import Path

import pytest

from smoltalk.endpoint import Gone
from smoltalk.engines.vllm import Vllm
from smoltalk.errors import WorldError
from smoltalk.requests import Reply
from tests.engines.vllm_at_work import NANO, asking, at_work, engine, the_server


def test_an_endpoint_that_is_up_is_only_asked(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(model: Vllm) -> Reply:
        server = the_server()
        monkeypatch.setenv("THE_KEY", server.environ()["VLLM_API_KEY"])
        port = next(word for word in server.cmdline() if word.startswith("--port="))[7:]
        there = Vllm(model=str(NANO), endpoint=f"http://127.0.0.1:{port}", api_key_env="$THE_KEY")
        await there.start(tmp_path)
        reply = await there.complete(asking("hello"))
        await there.stop()
        assert server.is_running()
        return reply

    reply = at_work(engine(program), tmp_path, scene)
    assert reply.text == "re: hello"


def test_an_endpoint_that_is_not_there(tmp_path: Path) -> None:
    there = Vllm(model=str(NANO), endpoint="http://127.0.0.1:9/v1")
    with pytest.raises(Gone, match=r"cannot be reached.*: is `endpoint` right, and does somebody answer there"):
        asyncio.run(there.start(tmp_path))


def test_a_wrong_key_or_model_at_an_endpoint_shows_at_start(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(model: Vllm) -> list[str]:
        server = the_server()
        monkeypatch.setenv("THE_KEY", server.environ()["VLLM_API_KEY"])
        monkeypatch.setenv("NO_KEY", "no-key-at-all")
        port = next(word for word in server.cmdline() if word.startswith("--port="))[7:]
        sentences = []
        for fields in ({"api_key_env": "NO_KEY"}, {}, {"model": f"{NANO}s", "api_key_env": "$THE_KEY"}):
            there = Vllm(**{"model": str(NANO), "endpoint": f"http://127.0.0.1:{port}", **fields})
            with pytest.raises(WorldError) as caught:
                await there.start(tmp_path)
            sentences.append(caught.value.sentence.partition("/v1 ")[2])
        return sentences

    assert at_work(engine(program), tmp_path, scene) == [
        "wants a key (401): what $NO_KEY holds is not it",
        "wants a key (401): name the variable with it in `api_key_env:`",
        f"does not serve {NANO}s: did you mean `{NANO}`?",
    ]


def test_a_key_that_is_not_there_is_told_of_every_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = Vllm(model="m", endpoint=("http://a:1", "http://b:1/v1"), api_key_env="THE_KEY")
    for held in ("", "  "):
        monkeypatch.setenv("THE_KEY", held)
        with pytest.raises(WorldError) as caught:
            asyncio.run(there.start(tmp_path))
        assert caught.value.sentence.startswith("m at http://a:1, http://b:1/v1: the environment variable THE_KEY is")
