"""What the vllm engine asks of its servers: routes, bodies, forms and the first token."""

from pathlib import Path
from typing import Any

import pytest

from smoltalk.endpoint.bodies import form
from smoltalk.engines.vllm import Vllm
from smoltalk.errors import RowFailed
from tests.engines.vllm_at_work import NANO, asking, at_work, bodies, engine, replies


def test_an_answer_is_asked_of_the_chat_route(program: str, tmp_path: Path) -> None:
    [reply] = replies(engine(program), tmp_path, [asking("hello", stop=("END",))])
    assert (reply.text, reply.finish, reply.tokens_in, reply.tokens_out, reply.cached) == ("re: hello", "stop", 5, 3, 4)
    [body] = bodies(tmp_path)
    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert (body["seed"], body["stop"], body["model"]) == (1, ["END"], str(NANO))


def test_a_users_turn_is_asked_raw(program: str, tmp_path: Path) -> None:
    [reply] = replies(engine(program), tmp_path, [asking("", role="user")])
    assert reply.text == "whole"
    [body] = bodies(tmp_path)
    assert body["prompt"] == "<|im_start|>user\n"
    assert body["add_special_tokens"] is False
    assert "<|im_end|>" in body["stop"]
    assert 2 in body["stop_token_ids"]
    assert body["skip_special_tokens"] is False


@pytest.mark.parametrize(("role", "opening"), [("user", "What"), ("assistant", "The")])
def test_only_the_first_token_is_biased(program: str, tmp_path: Path, role: str, opening: str) -> None:
    text = "" if role == "user" else "hello"
    [reply] = replies(engine(program), tmp_path, [asking(text, role=role, forbid_first=("#",), max_tokens=9)])
    assert (reply.text, reply.tokens_in, reply.tokens_out) == (f"{opening} rest", 5, 4)
    first, rest = bodies(tmp_path)
    assert first["max_tokens"] == 1
    assert set(first["logit_bias"].values()) == {-100.0}
    assert rest["prompt"] == [7, 8, 9, 42]
    assert rest["max_tokens"] == 8
    assert "logit_bias" not in rest
    assert rest["seed"] != first["seed"]
    assert ("stop_token_ids" in rest) == (role == "user")


def test_a_constrained_answer_is_asked_in_one(program: str, tmp_path: Path) -> None:
    schema = {"type": "object"}
    forms: list[dict[str, Any]] = [{"schema": schema}, {"regex": "a+"}, {"choice": ("a", "b")}]
    replies(engine(program), tmp_path, [asking("x", forbid_first=("#",), **one) for one in forms])
    asked = sorted((body["structured_outputs"] for body in bodies(tmp_path)), key=str)
    assert asked == [
        {"choice": ["a", "b"]},
        form(asking("x", schema=schema), "vllm")["structured_outputs"],
        {"regex": "a+"},
    ]


def test_a_form_that_the_server_refuses_is_left_to_the_prompt(program: str, tmp_path: Path) -> None:
    form: dict[str, Any] = {"schema": {"type": "object", "title": "uncompilable"}}

    async def scene(model: Vllm) -> list[str]:
        with pytest.raises(RowFailed, match="not well formed"):  # not for its form
            await model.complete(asking("unfit", regex="a+"))
        replies = [await model.complete(asking(f"x {i}", **form)) for i in range(3)]
        replies.append(await model.complete(asking("x 3", regex="a+")))
        return [reply.text for reply in replies]

    assert at_work(engine(program), tmp_path, scene) == [f"re: x {i}" for i in range(4)]
    forms = [body.get("structured_outputs", {}) for body in bodies(tmp_path)]
    assert [list(one) for one in forms] == [["regex"], [], ["json"], [], [], [], ["regex"]]
    [log] = tmp_path.glob("vllm-*-forms.log")
    assert log.read_text() == (
        "the server does not enforce a form (the grammar cannot be compiled); "
        "it is left to the prompt, and checked when it comes\n"
    )
