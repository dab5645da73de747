"""User turns and forbidden starts of the openai engine: by the model's own template, or drawn again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from smoltalk.engines.openai import OpenAI
from smoltalk.errors import RowFailed, WorldError
from smoltalk.requests import Request, Sampling
from tests.endpoint.local_server import answer, asked, complaint, served
from tests.engines.openai_server import Server, with_engine

NANO = Path(__file__).parents[2] / "smoltalk" / "nano" / "model"


def test_forbidden_starts_are_drawn_again_and_paid(tmp_path: Path) -> None:
    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        return answer([" # Title", "**Bold", "Plain # text"][min(len(server.bodies), 3) - 1])

    async def work(engine: OpenAI) -> None:
        reply = await engine.complete(asked(sampling={"forbid_first": ("#", "**")}, seed=2**63 - 1))
        assert (reply.text, reply.tokens_in, reply.tokens_out) == ("Plain # text", 30, 12)
        assert reply.cost == pytest.approx(42 / 1e6)

    server = Server(handle)
    with_engine(server, work, tmp_path, price={"input": 1.0, "output": 1.0})
    seeds = [body["seed"] for body in server.bodies]
    assert len(set(seeds)) == 3 and all(0 <= seed < 2**63 for seed in seeds)


def test_room_that_the_server_does_not_give_is_the_rows_end_not_the_runs(tmp_path: Path) -> None:
    """A reply that was cut off is asked for with twice the room, which may be more than the model has."""

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        return complaint(400, "at most 150", param="max_tokens") if body["max_tokens"] > 150 else answer("", "length")

    async def work(engine: OpenAI) -> None:
        with pytest.raises(WorldError, match="refuses the field `max_tokens`"):
            await engine.complete(asked(sampling={"max_tokens": 200}))
        await engine.complete(asked(sampling={"max_tokens": 100}))
        with pytest.raises(RowFailed, match="at most 150"):
            await engine.complete(asked(sampling={"max_tokens": 200}))

    with_engine(Server(handle), work, tmp_path)


def test_no_start_is_forbidden_by_an_empty_string(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        assert (await engine.complete(asked(sampling={"forbid_first": ("",)}))).text == "Fine."

    with_engine(Server(lambda _, body: answer("Fine.")), work, tmp_path)


def test_a_model_that_cannot_start_otherwise_fails_the_row(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        reply = await engine.complete(asked(sampling={"forbid_first": ("#",)}))
        assert (reply.finish, reply.text, reply.tokens_out) == ("forbidden_start", "# Title", 4 * 4)
        reply = await engine.complete(asked(sampling={"forbid_first": ("#",), "temperature": 0}))
        assert (reply.finish, reply.tokens_out) == ("forbidden_start", 4), "greedy: every draw is the same"

    server = Server(lambda _, body: answer("# Title"))
    with_engine(server, work, tmp_path)
    assert len(server.bodies) == 5


def test_user_turns_are_written_from_the_template(tmp_path: Path) -> None:
    """Magpie's pre-query: a raw prompt that ends in the user header, through `/completions`."""
    usage = {"prompt_tokens": 5, "completion_tokens": 2}

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.json_response({"choices": [{"text": "Why?", "finish_reason": "stop"}], "usage": usage})

    async def work(engine: OpenAI) -> None:
        reply = await engine.complete(Request([], Sampling(), role="user"))
        assert (reply.text, reply.tokens_in, reply.tokens_out) == ("Why?", 5, 2)

    server = Server(handle)
    with_engine(server, work, tmp_path, tokenizer=str(NANO))
    (body,) = server.bodies
    assert server.paths == ["/v1/completions"]
    assert body["prompt"].endswith("<|im_start|>user\n") and "assistant" not in body["prompt"]
    assert "<|im_end|>" in body["stop"]
    assert body["add_special_tokens"] is False


def test_who_cannot_write_user_turns() -> None:
    assert "does not show its chat template" in OpenAI(model="gpt").cannot_write("user")
    assert "name its `tokenizer:`" in OpenAI(model="m", base_url="http://there/v1").cannot_write("user")
    assert OpenAI(model="org/m", base_url="http://there/v1").cannot_write("user") == ""
    assert OpenAI(model="m", base_url="http://there/v1", tokenizer="org/m").cannot_write("user") == ""


def test_a_template_that_is_not_sound_shows_at_start(tmp_path: Path) -> None:
    for name in ("tokenizer_config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((NANO / name).read_bytes())
    (tmp_path / "chat_template.jinja").write_text("{% if %}")

    async def start(**fields: Any) -> None:
        async with served(Server(lambda request, body: answer())) as url:
            engine = OpenAI(model="m", base_url=url, tokenizer=str(tmp_path), **fields)
            if not fields:
                engine.cannot_write("user")
            with pytest.raises(WorldError, match="does not parse"):
                await engine.start(tmp_path)

    asyncio.run(start())
    asyncio.run(start(fold_system=True))


GEMMA = "<bos>{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
GEMMA += "<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"
GEMMA += (
    "{% if add_generation_prompt %}<start_of_turn>assistant\n{% if not thinks %}<think></think>{% endif %}{% endif %}"
)


def test_what_the_template_says_can_be_overridden(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text(GEMMA)
    steered = [{"role": "system", "content": "Be brief."}]

    def asks(role: Any, messages: list[Any], **fields: Any) -> dict[str, Any]:
        async def work(engine: OpenAI) -> None:
            await engine.complete(Request(messages, Sampling(), role=role))

        text = {"text": "Why?", "message": {"content": "Why?"}, "finish_reason": "stop"}
        server = Server(lambda _, body: web.json_response({"choices": [text]}))
        with_engine(server, work, tmp_path, tokenizer=str(tmp_path), **fields)
        return server.bodies[0]

    own = asks("user", [], pre_query="<bos><start_of_turn>user\nAs a cook: ", stops=("<end_of_turn>", "Cook:"))
    assert own["prompt"].endswith("As a cook: ") and own["stop"] == ["<end_of_turn>", "Cook:"]
    assert asks("user", steered, fold_system=True)["prompt"] == "<bos><start_of_turn>user\nBe brief.\n\n"
    talk = [*steered, {"role": "user", "content": "Hi."}]
    said = "<bos><start_of_turn>user\nBe brief.\n\nHi.<end_of_turn>\n<start_of_turn>assistant\n"
    assert asks("assistant", talk, fold_system=True)["prompt"] == f"{said}<think></think>"
    thinking = asks("assistant", talk, fold_system=True, extra={"chat_template_kwargs": {"thinks": True}})
    assert thinking["prompt"] == said
    assert "messages" in asks("assistant", talk)


def test_an_endpoint_without_raw_completions_is_told_why_that_matters(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        with pytest.raises(WorldError, match=r"\(404\).*User turns \(Magpie\) and `fold_system` take `/completions`"):
            await engine.complete(Request([], Sampling(), role="user"))

    with_engine(Server(lambda _, body: complaint(404, "Not Found")), work, tmp_path, tokenizer=str(NANO))


def test_user_turns_without_a_template(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        with pytest.raises(WorldError, match="name its `tokenizer:`"):
            await engine.complete(Request([], Sampling(), role="user"))

    with_engine(Server(lambda _, body: answer()), work, tmp_path)


def test_check_reads_the_tokenizer(tmp_path: Path) -> None:
    assert list(OpenAI(model="m", tokenizer=str(NANO)).check()) == []
    assert list(OpenAI(model="m", tokenizer="org/m").check()) == []
    assert len(list(OpenAI(model="m", tokenizer=str(tmp_path)).check())) == 1
    (sentence,) = OpenAI(model="m", tokenizer="./nowhere").check()
    assert "neither a folder here nor a name on the Hub" in sentence
