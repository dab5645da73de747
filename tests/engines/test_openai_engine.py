"""The openai engine against a real server on loopback: keys, money, starts, mistakes, identity, batches."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from smoltalk.endpoint import Gone
from smoltalk.engines.openai import OpenAI
from smoltalk.errors import WorldError
from smoltalk.requests import Request, Sampling
from tests.endpoint.local_batches import BatchServer, replied
from tests.endpoint.local_server import KEY, answer, asked, complaint, run, served
from tests.engines.openai_server import Server, with_engine

NANO = Path(__file__).parents[2] / "smoltalk" / "nano" / "model"


def test_a_reply_with_its_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", f" {KEY}\n")

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        return answer("Fine.", reasoning_content="Hm.")

    async def work(engine: OpenAI) -> None:
        reply = await engine.complete(asked(seed=7))
        assert (reply.text, reply.reasoning, reply.finish) == ("Fine.", "Hm.", "stop")
        assert (reply.tokens_in, reply.tokens_out, reply.cached) == (10, 4, 8)
        assert reply.cost == pytest.approx((2 * 1 + 8 * 0.5 + 4 * 2) / 1e6)
        assert reply.seconds > 0

    server = Server(handle)
    price = {"input": 1.0, "output": 2.0, "cached": 0.5}
    with_engine(server, work, tmp_path, api_key_env="SOME_KEY", price=price, extra={"reasoning_effort": "low"})
    assert server.bodies[0]["seed"] == 7
    assert server.bodies[0]["reasoning_effort"] == "low"
    assert all(KEY not in path.read_text() for path in tmp_path.iterdir())


def test_it_tells_how_much_the_endpoint_takes(tmp_path: Path) -> None:
    gauges = []

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        gauges.append(engines[0].gauges())
        return complaint(429, "less", {"Retry-After": "0"}) if len(gauges) == 1 else answer()

    async def work(engine: OpenAI) -> None:
        engines.append(engine)
        await engine.complete(asked())
        assert gauges == [{"running": 1, "limit": 8}, {"running": 1, "limit": 1}]

    engines: list[OpenAI] = []
    with_engine(Server(handle), work, tmp_path, max_in_flight=8)
    assert engines[0].gauges() == {}


def test_no_key_is_sent_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI's key goes to OpenAI's address alone, unless the file names it for another."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        assert "Authorization" not in request.headers
        return answer()

    async def work(engine: OpenAI) -> None:
        await engine.complete(asked())

    with_engine(Server(handle), work, tmp_path)
    assert "key from $OPENAI_API_KEY," in OpenAI(model="m").plan()


def test_a_missing_key_is_said_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    engine = OpenAI(model="gpt")
    assert engine.plan() == "openai: gpt at https://api.openai.com/v1, key from $OPENAI_API_KEY (not set), 64 in flight"
    with pytest.raises(WorldError, match="OPENAI_API_KEY is not set"):
        run(engine.start(tmp_path))
    run(engine.stop())
    monkeypatch.setenv("OPENAI_API_KEY", "two words")
    with pytest.raises(WorldError, match="blanks") as caught:
        run(engine.start(tmp_path))
    assert "two words" not in str(caught.value)


def test_a_wrong_key_is_said_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)

    async def no(request: web.Request) -> web.Response:
        return complaint(401, f"Incorrect API key: {KEY}")

    async def main() -> None:
        async with served(no) as url:
            with pytest.raises(WorldError, match=r"wants a key \(401\): what \$SOME_KEY holds is not it") as caught:
                await OpenAI(model="m", base_url=url, api_key_env="$SOME_KEY").start(tmp_path)
            assert KEY not in str(caught.value)
            with pytest.raises(WorldError, match="api_key_env"):
                await OpenAI(model="m", base_url=url).start(tmp_path)

    run(main())


def test_an_endpoint_need_not_list_its_models(tmp_path: Path) -> None:
    async def no_list(request: web.Request) -> web.Response:
        return answer() if request.method == "POST" else complaint(404, "no such route")

    async def main() -> None:
        async with served(no_list) as url:
            engine = OpenAI(model="m", base_url=url)
            await engine.start(tmp_path)
            assert (await engine.complete(asked())).text == "Fine."
            await engine.stop()

    run(main())


def test_nobody_at_the_address_is_said_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(Server(lambda _, body: answer())) as url:
            pass
        engine = OpenAI(model="m", base_url=url, attempts=1_000)
        with pytest.raises(Gone, match="is `base_url` right"):
            await engine.start(tmp_path)
        with pytest.raises(WorldError, match="not started"):
            await engine.complete(asked())

    run(main())


def test_a_busy_endpoint_is_started_all_the_same(tmp_path: Path) -> None:
    async def busy(request: web.Request) -> web.Response:
        return complaint(429, "slow down") if request.method == "GET" else answer()

    async def main() -> None:
        async with served(busy) as url:
            engine = OpenAI(model="m", base_url=url)
            await engine.start(tmp_path)
            assert (await engine.complete(asked())).text == "Fine."
            await engine.stop()

    run(main())


def test_an_unknown_model_ends_the_run(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        with pytest.raises(WorldError, match=r"no such model or route \(404\).*`m` does not exist"):
            await engine.complete(asked())

    with_engine(Server(lambda _, body: complaint(404, "The model `m` does not exist")), work, tmp_path)


def test_money_is_counted_where_the_endpoint_counts_nothing(tmp_path: Path) -> None:
    told = {"choices": [{"message": {"content": "x" * 300}, "text": "x" * 300, "finish_reason": "stop"}]}

    async def work(engine: OpenAI) -> None:
        for request in (asked("y" * 600), Request([], Sampling(), role="user")):
            assert (await engine.complete(request)).cost >= 100 * 10 / 1e6

    with_engine(
        Server(lambda _, body: web.json_response(told)),
        work,
        tmp_path,
        price={"input": 1.0, "output": 10.0},
        tokenizer=str(NANO),
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"base_url": "api.openai.com/v1"}, "must be an address such as"),
        ({"base_url": "ftp://x/v1"}, "must be an address such as"),
        ({"base_url": "http://"}, "must be an address such as"),
        ({"base_url": "https://me:pass@x/v1"}, "a key goes into an environment variable"),
        ({"base_url": "https://x/v1?key=abc"}, "a key goes into an environment variable"),
        ({"base_url": "https://x/v1/chat/completions"}, "leave out"),
        ({"api_key_env": "sk-abcdefghijkl"}, "not a key"),
    ],
)
def test_mistakes_in_the_file(fields: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        OpenAI(**{"model": "m", **fields})  # type: ignore[arg-type]


def test_identity_is_what_is_asked_of_whom() -> None:
    one = OpenAI(model="m", base_url="http://there/v1/")
    assert one.identity() == OpenAI(model="m", base_url="http://there/v1", max_in_flight=3, attempts=2).identity()
    assert one.identity() != OpenAI(model="m", base_url="http://elsewhere/v1").identity()
    assert one.identity() != OpenAI(model="m", base_url="http://there/v1", extra={"x": 1}).identity()
    here = [OpenAI(model="m", base_url=f"http://{host}:{n}/v1") for n, host in enumerate(["localhost", "127.0.0.1"])]
    assert here[0].identity() == here[1].identity()


def test_identity_holds_the_template_wherever_it_lies(tmp_path: Path) -> None:
    copy = shutil.copytree(NANO, tmp_path / "copy", ignore=shutil.ignore_patterns("*.safetensors"))
    there, here = OpenAI(model="m", tokenizer=str(NANO)), OpenAI(model="m", tokenizer=str(copy))
    assert there.identity() == here.identity()
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    assert there.identity() != here.identity()


def test_batches_are_an_option(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        reply = await engine.complete(asked("why?"))
        assert reply.text == "WHY?"
        assert "10,000 in flight, in batches" in engine.plan()

    server = BatchServer(replied)
    with_engine(server, work, tmp_path, batch={"gather": 0.01, "poll": 0.005})
    with_engine(server, work, tmp_path, batch={"gather": 0.01, "poll": 0.005})
    assert server.sizes == [1], "the second session finds the answer of the first"


def test_in_batches_two_rows_with_the_same_words_have_two_replies(tmp_path: Path) -> None:
    """Also where the endpoint takes no seed, so that nothing in the lines tells them apart."""

    async def work(engine: OpenAI) -> None:
        await asyncio.gather(*(engine.complete(asked("why?", seed=seed)) for seed in (1, 2, 2)))

    server = BatchServer(replied)
    with_engine(server, work, tmp_path, batch={"gather": 0.01, "poll": 0.005}, extra={"seed": None})
    assert server.sizes == [2]


def test_not_started() -> None:
    async def work() -> None:
        with pytest.raises(WorldError, match="not started"):
            await OpenAI(model="m").complete(asked())

    run(work())
