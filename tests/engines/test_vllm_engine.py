"""The vllm engine at work: what it asks of its servers, and that nobody notices when one of them dies."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from smoltalk.endpoint import Gone
from smoltalk.endpoint.bodies import form
from smoltalk.engines.vllm import Vllm
from smoltalk.errors import RowFailed, WorldError
from smoltalk.placement import Place
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import message
from tests.processes import below, until, words_of

KEEPER = "keeper.py"
PRETEND = Path(__file__).parent / "pretend_vllm.py"
NANO = Path(__file__).resolve().parents[2] / "smoltalk" / "nano" / "model"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A `vllm` on this machine that is none."""
    monkeypatch.setenv("NOTES", str(tmp_path / "notes.jsonl"))
    script = tmp_path / "vllm"
    script.write_text(f"#!{sys.executable}\n{PRETEND.read_text()}")
    script.chmod(0o755)
    return str(script)


def engine(program: str, **fields: Any) -> Vllm:
    return Vllm(model=str(NANO), command=program, **fields)


def asking(text: str, seed: int = 1, **fields: Any) -> Request:
    sampling = {name: fields.pop(name) for name in ("forbid_first", "stop", "max_tokens") if name in fields}
    turns = [message("user", text)] if text else []
    return Request(turns, Sampling(**sampling), seed=seed, **fields)


def at_work(model: Vllm, folder: Path, scene: Callable[[Vllm], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        await model.start(folder)
        try:
            return await scene(model)
        finally:
            await model.stop()

    before = below()
    found = asyncio.run(whole())
    assert until(lambda: not below(besides=before)), "no process is left behind"
    return found


def the_server() -> psutil.Process:
    """The pretended server's process."""
    [process] = [one for one in below() if "serve" in words_of(one) and KEEPER not in " ".join(words_of(one))]
    return process


def replies(model: Vllm, folder: Path, requests: Sequence[Request]) -> list[Reply]:
    async def scene(model: Vllm) -> list[Reply]:
        return list(await asyncio.gather(*map(model.complete, requests)))

    found: list[Reply] = at_work(model, folder, scene)
    return found


def notes(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "notes.jsonl").read_text().splitlines()]


def bodies(folder: Path) -> list[dict[str, Any]]:
    return [n["body"] for n in notes(folder) if "body" in n]


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


def test_the_key_is_on_no_command_line_and_in_no_log(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> str:
        key = the_server().environ()["VLLM_API_KEY"]
        lines = [" ".join(words_of(process)) for process in below()]
        assert not any(key in line for line in lines)
        return key

    key = at_work(engine(program, max_model_len=64), tmp_path, scene)
    assert len(key) >= 32
    assert key not in (tmp_path / "vllm-model.log").read_text()
    assert "--max-model-len=64" in notes(tmp_path)[0]["argv"]


def test_a_server_that_dies_costs_no_reply(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> tuple[list[Reply], int]:
        asked = [asking(f"slow {i}") for i in range(20)] + [asking("slow, then die once")]
        return list(await asyncio.gather(*map(model.complete, asked))), model.restarted()

    found, restarted = at_work(engine(program, max_in_flight=8), tmp_path, scene)
    assert [reply.text for reply in found] == [*(f"re: slow {i}" for i in range(20)), "re: slow, then die once"]
    assert restarted == 1
    assert len(bodies(tmp_path)) <= 21 + 8, "what was answered is not asked again"
    assert len({note["pid"] for note in notes(tmp_path)}) == 2


def test_a_server_that_hangs_costs_no_reply(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(model: Vllm) -> tuple[list[Reply], int]:
        asked = [asking("hang once")] + [asking(f"slow {i}") for i in range(20)]
        return list(await asyncio.gather(*map(model.complete, asked))), model.restarted()

    monkeypatch.setattr("smoltalk.serving.server.PULSE", 0.1)
    model = engine(program, max_in_flight=8, hang_after=3.0, reply_within=2.5)
    found, restarted = at_work(model, tmp_path, scene)
    assert [reply.text for reply in found] == ["re: hang once", *(f"re: slow {i}" for i in range(20))]
    assert restarted >= 1, "more than once where the machine is too busy for an answer in that time"


def test_a_server_that_takes_long_to_die_costs_no_reply(program: str, tmp_path: Path) -> None:
    asked = [asking("deaf once"), *(asking(f"slow {i}") for i in range(4))]
    found = replies(engine(program, max_in_flight=2), tmp_path, asked)
    assert [reply.text for reply in found] == ["re: deaf once", *(f"re: slow {i}" for i in range(4))]


async def every_outcome(model: Vllm, texts: Sequence[str]) -> list[Any]:
    """A reply's text, or what was raised, for each."""
    found = await asyncio.gather(*(model.complete(asking(text)) for text in texts), return_exceptions=True)
    return [each.text if isinstance(each, Reply) else each for each in found]


@pytest.mark.parametrize("company", [0, 1, 6])
def test_a_row_that_ends_its_server_fails_alone(program: str, tmp_path: Path, company: int) -> None:
    slow = [f"slow {i}" for i in range(company)]

    async def scene(model: Vllm) -> list[Any]:
        rounds = [["die always", *slow], ["fine"]] * 2  # more such rows than restarts
        return [await every_outcome(model, texts) for texts in rounds]

    *found, fine = at_work(engine(program, restarts=1), tmp_path, scene)
    assert fine == ["re: fine"]
    for row, *others in (found[0], found[2]):
        assert isinstance(row, RowFailed) and row.kind == "no_reply"
        assert "times under it, at last under it alone: http://127.0.0.1" in row.detail
        assert others == [f"re: {text}" for text in slow]


def test_a_server_that_nothing_gets_an_answer_from_ends_it(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> list[Any]:
        return await every_outcome(model, ["die always"] * 6)

    found = at_work(engine(program, restarts=1), tmp_path, scene)
    assert {type(each) for each in found} <= {RowFailed, WorldError}
    ends = [each.sentence for each in found if isinstance(each, WorldError)]
    assert len(ends) >= 4
    assert "went down (it ended with exit code 9), after 3 restarts" in ends[0]


def test_a_request_that_a_sound_server_leaves_unanswered_fails_alone(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> list[Any]:
        asked = (model.complete(asking("break")), model.complete(asking("fine")))
        return list(await asyncio.gather(*asked, return_exceptions=True))

    broken, fine = at_work(engine(program), tmp_path, scene)
    assert isinstance(broken, RowFailed)
    assert broken.kind == "no_reply"
    assert fine.text == "re: fine"


def test_replicas_share_the_work(program: str, tmp_path: Path) -> None:
    model = engine(program, replicas=2)
    model.settle([Place("m", 0, ("0", "1")), Place("m", 1, ("2", "3"), share=0.4)])
    replies(model, tmp_path, [asking(f"slow {i}") for i in range(8)])
    started = [note for note in notes(tmp_path) if "argv" in note]
    assert {note["order"] for note in started} == {"PCI_BUS_ID"}, "the order that GPUs were counted in"
    starts = {note["gpus"]: note for note in notes(tmp_path) if "argv" in note}
    assert set(starts) == {"0,1", "2,3"}
    assert "--gpu-memory-utilization=0.4" in starts["2,3"]["argv"]
    assert "--gpu-memory-utilization=0.4" not in starts["0,1"]["argv"]
    asked = [note["pid"] for note in notes(tmp_path) if "body" in note]
    assert sorted(asked.count(pid) for pid in set(asked)) == [4, 4]
    assert {(tmp_path / f"vllm-m-{i}.log").exists() for i in (0, 1)} == {True}, "logs are called as engines are"


def test_replicas_stand_in_for_one_that_is_lost(program: str, tmp_path: Path) -> None:
    model = engine(program, replicas=2, restarts=0)
    found = replies(model, tmp_path, [asking(f"slow {i}") for i in range(6)] + [asking("die once")])
    assert [reply.text for reply in found] == [*(f"re: slow {i}" for i in range(6)), "re: die once"]


def test_a_server_that_does_not_start_says_why(program: str, tmp_path: Path) -> None:
    with pytest.raises(WorldError) as caught:
        replies(engine(program, max_model_len=1), tmp_path, [])
    assert "| ValueError: To serve at least one request" in str(caught.value)
    assert "lower `max_model_len`" in str(caught.value)


def test_its_servers_gauges_are_shown(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(model: Vllm) -> dict[str, float]:
        while "cache_hit_rate" not in model.gauges():
            await asyncio.sleep(0.02)
        return model.gauges()

    model = engine(program)
    assert model.gauges() == {}
    monkeypatch.setattr("smoltalk.serving.server.PULSE", 0.05)
    said = {"running": 0, "waiting": 0, "restarts": 0, "down": 0, "cache_hit_rate": 0.25}
    assert at_work(model, tmp_path, scene) == said


def test_what_the_planner_hears(tmp_path: Path) -> None:
    need = Vllm(model="a/b-8B", tensor_parallel_size=2, replicas=3, gpu_memory_utilization=0.5).need("r", on_gpus=True)
    assert need is not None
    assert (need.name, need.gpus, need.replicas, need.share) == ("r", 2, 3, 0.5)
    assert Vllm(model="a/b-8B", endpoint="http://here:1").need("r", on_gpus=True) is None


def test_what_is_missing_is_told_to_the_planner() -> None:
    need = Vllm(model="a/b-8B", command="no-such-vllm").need("r", on_gpus=True)
    assert need is not None and need.lacks.startswith("there is no program `no-such-vllm`: install vLLM")


def test_no_program(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no program `no-such-vllm`: install vLLM, or give `command` or `endpoint`"):
        replies(engine("no-such-vllm"), tmp_path, [])


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


def test_before_start_it_says_so() -> None:
    with pytest.raises(WorldError, match="was not started"):
        asyncio.run(Vllm(model="m").complete(asking("hello")))
    asyncio.run(Vllm(model="m").stop())
