"""The ways in which the openai engine asks: for a form, for room; each refused field leads to the next way."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from smoltalk.engines.openai import OpenAI
from smoltalk.errors import RowFailed, WorldError
from tests.endpoint.local_server import KEY, answer, asked, complaint, run, served
from tests.engines.openai_server import Server, with_engine

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def test_a_schema_goes_through_the_first_way_that_is_taken(tmp_path: Path) -> None:
    """Refused as `response_format`, taken as `structured_outputs`; learnt once, for this schema."""

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        if "response_format" in body:
            return complaint(400, "unknown field response_format")
        return answer(json.dumps(body["structured_outputs"]["json"]))

    async def work(engine: OpenAI) -> None:
        for _ in range(3):
            taken = json.loads((await engine.complete(asked(schema=SCHEMA))).text)
            assert SCHEMA.items() <= taken.items()

    server = Server(handle)
    with_engine(server, work, tmp_path)
    assert ["response_format" in body for body in server.bodies] == [True, False, False, False]
    log = (tmp_path / "openai-m.log").read_text()
    assert log.count("\n") == 1
    assert "`structured_outputs` is used in its place" in log


@pytest.mark.parametrize("form", [{"schema": SCHEMA}, {"regex": "a+"}, {"choice": ("a", "b")}])
def test_where_no_form_is_taken_the_prompt_has_to_do(tmp_path: Path, form: dict[str, Any]) -> None:
    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        return complaint(422, "no") if {"response_format", "structured_outputs"} & body.keys() else answer("plain")

    async def work(engine: OpenAI) -> None:
        assert (await engine.complete(asked(**form))).text == "plain"
        before = len(server.bodies)
        assert (await engine.complete(asked(**form))).text == "plain"
        assert len(server.bodies) == before + 1

    server = Server(handle)
    with_engine(server, work, tmp_path)
    assert "left to the prompt" in (tmp_path / "openai-m.log").read_text()


def test_a_way_that_was_named_and_is_refused_is_the_files_mistake(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        with pytest.raises(WorldError, match=r"refuses `structured_outputs`.*`structured: auto`"):
            await engine.complete(asked(regex="a"))

    refusal = Server(lambda _, body: complaint(400, "Unrecognized argument: structured_outputs"))
    with_engine(refusal, work, tmp_path, structured="vllm")


def test_a_refused_request_is_refused_whatever_the_way(tmp_path: Path) -> None:
    async def work(engine: OpenAI) -> None:
        with pytest.raises(RowFailed) as caught:
            await engine.complete(asked(schema=SCHEMA))
        assert caught.value.kind == "bad_request"
        with pytest.raises(RowFailed) as caught:
            await engine.complete(asked("long", schema=SCHEMA))
        assert caught.value.kind == "prompt_too_long"

    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        long = body["messages"][0]["content"] == "long"
        return complaint(400, "maximum context length" if long else "something is wrong")

    server = Server(handle)
    with_engine(server, work, tmp_path)
    assert len(server.bodies) == 4
    assert not (tmp_path / "openai-m.log").exists()


def test_the_newer_name_of_max_tokens(tmp_path: Path) -> None:
    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        if "max_tokens" in body:
            return complaint(400, "Use 'max_completion_tokens' instead.", param="max_tokens")
        return answer(str(body["max_completion_tokens"]))

    async def work(engine: OpenAI) -> None:
        for _ in range(2):
            assert (await engine.complete(asked(sampling={"max_tokens": 9}))).text == "9"

    server = Server(handle)
    with_engine(server, work, tmp_path)
    assert len(server.bodies) == 3


def test_openai_itself_gets_the_newer_name_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = Server(lambda _, body: answer())

    async def main() -> None:
        async with served(server) as url:
            monkeypatch.setattr("smoltalk.engines.openai.OPENAI", url)
            engine = OpenAI(model="gpt", base_url=url)
            await engine.start(tmp_path)
            try:
                await engine.complete(asked(sampling={"max_tokens": 9}))
            finally:
                await engine.stop()

    run(main())
    assert server.bodies[0]["max_completion_tokens"] == 9 and "max_tokens" not in server.bodies[0]


def test_a_field_that_every_request_has_is_the_files_mistake(tmp_path: Path) -> None:
    def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        return complaint(400, "only 1 is supported", param="temperature") if "temperature" in body else answer()

    async def told(engine: OpenAI) -> None:
        with pytest.raises(WorldError, match=r"refuses the field `temperature`.*`extra: \{temperature: null\}`"):
            await engine.complete(asked())

    async def heeded(engine: OpenAI) -> None:
        await engine.complete(asked())

    with_engine(Server(handle), told, tmp_path)
    with_engine(Server(handle), heeded, tmp_path, extra={"temperature": None})
