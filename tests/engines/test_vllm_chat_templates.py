"""Chat templates of the vllm engine: those it is given, and those that cannot be used."""

from pathlib import Path

import pytest

from smoltalk.engines.vllm import Vllm
from smoltalk.errors import WorldError
from tests.engines.vllm_at_work import NANO, asking, bodies, engine, notes, replies

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}"
TEMPLATE += "{% if add_generation_prompt %}<|im_start|>assistant: {% endif %}"


@pytest.mark.parametrize("by_path", [True, False])
def test_the_given_chat_template_is_ours_too(program: str, tmp_path: Path, by_path: bool) -> None:
    (tmp_path / "plain.jinja").write_text(TEMPLATE)
    given = str(tmp_path / "plain.jinja") if by_path else TEMPLATE
    replies(engine(program, chat_template=given), tmp_path, [asking("", role="user")])
    [body] = bodies(tmp_path)
    assert body["prompt"] == "<|im_start|>user:"
    assert any(word.startswith("--chat-template=") for word in notes(tmp_path)[0]["argv"])


def test_a_chat_template_that_is_not_there() -> None:
    [sentence] = Vllm(model="m", chat_template="./no.jinja").check()
    assert sentence.startswith("`chat_template: ./no.jinja` cannot be read here: is the path right?")
    assert not list(Vllm(model="m", chat_template="one_of_vllms.jinja").check())


def test_a_template_that_writes_no_user_turns_shows_at_check(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer_config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((NANO / name).read_bytes())
    (tmp_path / "chat_template.jinja").write_text("{{ messages[-1].content | upper }}")
    local = Vllm(model=str(tmp_path))
    assert local.cannot_write("assistant") == ""
    assert "`pre_query`" in local.cannot_write("user")
    assert "does not parse" in Vllm(model=str(NANO), chat_template="{% if %}").cannot_write("user")
    assert Vllm(model=str(NANO)).cannot_write("user") == ""
    assert Vllm(model="a/b").cannot_write("user") == "", "the Hub is not asked to check"


def test_a_template_is_tested_before_the_servers_load(program: str, tmp_path: Path) -> None:
    for fields in ({"fold_system": True}, {}):
        model = engine(program, chat_template="{% if %}", **fields)
        if not fields:
            assert model.cannot_write("user")
        with pytest.raises(WorldError, match="does not parse"):
            replies(model, tmp_path, [])
    assert not (tmp_path / "notes.jsonl").exists(), "no server was started"
    [reply] = replies(engine(program, chat_template="{% if %}"), tmp_path, [asking("answers need no template")])
    assert reply.text.startswith("re: ")
