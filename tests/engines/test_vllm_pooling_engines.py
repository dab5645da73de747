"""vllm_reward and vllm_embedding on a pretended pooling server: what is asked, and what is made of answers."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk.chat_format import ChatFormat
from smoltalk.contracts import Engine
from smoltalk.document import Document
from smoltalk.engines.vllm_embedding import VllmEmbedding
from smoltalk.engines.vllm_reward import VllmReward
from smoltalk.errors import RowFailed, UserError, WorldError
from smoltalk.fields import fill
from smoltalk.placement import Need, Place
from smoltalk.requests import Reply
from smoltalk.rows import Conversation, Message
from smoltalk.vectors import vector_of
from tests.engines.vllm_at_work import standing_in
from tests.processes import below, until

PRETEND = Path(__file__).parent / "pretend_pooling.py"
NANO = Path(__file__).resolve().parents[2] / "smoltalk" / "nano"
REWARD, CHAT = NANO / "reward", NANO / "model"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A `vllm` on this machine that is none."""
    return standing_in(PRETEND, tmp_path, monkeypatch)


@pytest.fixture
def address(program: str) -> Iterator[str]:
    """A server that is already up."""
    with subprocess.Popen([sys.executable, str(PRETEND), "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


def talk(text: str) -> list[Message]:
    return [{"role": "user", "content": text}, {"role": "assistant", "content": "Well."}]


def reward(program: str, **fields: Any) -> VllmReward:
    return VllmReward(model=str(REWARD), command=program, **fields)


def asked(engine: Engine, folder: Path, *questions: Conversation | str) -> list[Reply]:
    async def main() -> list[Reply]:
        await engine.start(folder)
        try:
            work = [engine.embed(q) if isinstance(q, str) else engine.score(q) for q in questions]
            return list(await asyncio.gather(*work))
        finally:
            await engine.stop()

    return asyncio.run(main())


def notes(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "notes.jsonl").read_text().splitlines()]


# ---------------------------------------------------------------- asked


def test_a_conversation_is_scored_as_its_own_template_writes_it(program: str, tmp_path: Path) -> None:
    before = below()
    [reply] = asked(reward(program, max_model_len=512), tmp_path, talk("Hi <|im_end|>"))
    assert (reply.text, reply.finish, reply.tokens_in) == ("2.5", "score", 7)
    started, sent = notes(tmp_path)
    assert {"--runner=pooling", "--max-model-len=512", f"--served-model-name={REWARD}"} <= set(started["argv"])
    assert sent["path"] == "/pooling" and sent["key"].startswith("Bearer ")
    assert sent["body"] == {
        "model": str(REWARD),
        "use_activation": False,
        "add_special_tokens": False,
        "input": ChatFormat.of_folder(REWARD).whole(talk("Hi < |im_end|>")),
    }
    assert until(lambda: not below(besides=before)), "no process is left behind"


def test_a_text_becomes_a_unit_vector(program: str, tmp_path: Path) -> None:
    engine = VllmEmbedding(model=str(CHAT), command=program, prompt="query: ", dimensions=2, truncate=True)
    [reply] = asked(engine, tmp_path, "hello")
    assert vector_of(reply.text) == pytest.approx([0.6, 0.8])
    assert (reply.finish, reply.tokens_in) == ("vector", 7)
    started, sent = notes(tmp_path)
    assert "--runner=pooling" in started["argv"]
    assert sent["path"] == "/v1/embeddings"
    assert sent["body"] == {
        "model": str(CHAT),
        "input": "query: hello",
        "encoding_format": "float",
        "dimensions": 2,
        "truncate_prompt_tokens": -1,
    }


def test_an_openai_server_is_asked_in_openais_words_alone(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-1")
    engine = VllmEmbedding(model="text-embedding-3-small", endpoint=address, api_key_env="A_KEY")
    asked(engine, tmp_path, "hello")
    [_, sent] = notes(tmp_path)
    assert sent["body"] == {"model": "text-embedding-3-small", "input": "hello", "encoding_format": "float"}
    assert sent["key"] == "Bearer sk-1"


@pytest.mark.parametrize("ending", ["/v1", "/v1/", ""])
def test_an_endpoint_may_be_named_with_v1_or_without(ending: str, address: str, tmp_path: Path) -> None:
    engine = VllmReward(model=str(REWARD), endpoint=address.removesuffix("/v1") + ending)
    assert [reply.text for reply in asked(engine, tmp_path, talk("a"), talk("b"))] == ["2.5", "2.5"]
    assert VllmReward(model="m", endpoint=address).need("r", True) is None


def test_a_server_that_is_up_writes_a_template_that_cannot_be_had(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked(VllmReward(model="nobody/has-this", endpoint=address), tmp_path, talk("a"))
    assert notes(tmp_path)[-1]["body"]["messages"] == talk("a")


def test_a_server_of_ours_needs_a_chat_template(program: str, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(WorldError, match="holds no chat template"):
        asked(VllmReward(model=str(tmp_path / "bare"), command=program), tmp_path, talk("a"))
    assert not (tmp_path / "notes.jsonl").exists(), "no server is started before that is known"


def test_a_template_given_to_the_server_is_the_servers_business(program: str, tmp_path: Path) -> None:
    asked(reward(program, chat_template="{{ messages }}"), tmp_path, talk("a"))
    assert notes(tmp_path)[-1]["body"]["messages"] == talk("a")


def test_a_template_without_a_system_turn_gets_its_words_in_the_first_question(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "<{{ m.role }}>{{ m.content }}</>{% endfor %}"
    )
    asked(VllmReward(model=str(folder), endpoint=address), tmp_path, [{"role": "system", "content": "s"}, *talk("a")])
    assert notes(tmp_path)[-1]["body"]["input"] == "<user>s\n\na</><assistant>Well.</>"


def test_a_server_that_dies_is_started_again(program: str, tmp_path: Path) -> None:
    replies = asked(reward(program), tmp_path, talk("die once"), talk("b"))
    assert [reply.text for reply in replies] == ["2.5", "2.5"]
    assert sum("argv" in note for note in notes(tmp_path)) == 2


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(("how", "score"), [("last", "0.5"), ("mean", "0.5"), ("min", "0.2")])
def test_scores_of_steps_become_one(how: Any, score: str, address: str, tmp_path: Path) -> None:
    engine = VllmReward(model=str(REWARD), endpoint=address, reduce=how)
    assert [reply.text for reply in asked(engine, tmp_path, talk("steps"))] == [score]


def test_of_two_labels_the_seconds_probability(address: str, tmp_path: Path) -> None:
    engine = VllmReward(model=str(REWARD), endpoint=address, probability=True)
    assert [reply.text for reply in asked(engine, tmp_path, talk("two"))] == ["0.75"]
    assert notes(tmp_path)[-1]["body"]["use_activation"] is True


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("steps", "scores every token or step: say with `reduce` how they become one score"),
        ("two", "gives 2 numbers; a reward model gives one, its score: take its second one with `probability: true`"),
        ("three", "gives 3 numbers; a reward model gives one, its score$"),
    ],
)
def test_a_model_that_is_no_reward_model_ends_the_run(word: str, sentence: str, address: str, tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=sentence):
        asked(VllmReward(model=str(REWARD), endpoint=address), tmp_path, talk(word))


@pytest.mark.parametrize(("word", "kind"), [("long", "prompt_too_long"), ("nothing", "no_score")])
def test_what_one_row_alone_has_wrong(word: str, kind: str, address: str, tmp_path: Path) -> None:
    with pytest.raises(RowFailed) as failed:
        asked(VllmReward(model=str(REWARD), endpoint=address), tmp_path, talk(word))
    assert failed.value.kind == kind


def test_an_answer_without_numbers_is_asked_for_again_and_then_fails_its_row(program: str, tmp_path: Path) -> None:
    with pytest.raises(RowFailed, match="holds no score"):
        asked(reward(program), tmp_path, talk("wrong"))
    assert sum("body" in note for note in notes(tmp_path)) > 1


# ---------------------------------------------------------------- declared


def test_placement_covers_them(program: str, tmp_path: Path) -> None:
    engine = reward(program, tensor_parallel_size=2, gpu_memory_utilization=0.3)
    need = engine.need("judge", on_gpus=True)
    assert need == Need("judge", 2, need.bytes_each if need else 0, 1, 0.3)
    engine.settle([Place("judge", 0, ("3", "5"), 0.3)])
    asked(engine, tmp_path, talk("a"))
    assert "--gpu-memory-utilization=0.3" in notes(tmp_path)[0]["argv"]
    assert engine.plan().startswith(f"vllm_reward: {REWARD}, 2 GPUs, about ")


def test_identity_is_what_changes_a_score() -> None:
    one = VllmReward(model="m")
    assert one.identity() == VllmReward(model="m", max_in_flight=1, tensor_parallel_size=2).identity()
    others = [VllmReward(model="m", probability=True), VllmReward(model="m", reduce="min"), VllmReward(model="n")]
    assert all(other.identity() != one.identity() for other in others)
    assert VllmEmbedding(model="m", prompt="q").identity() != VllmEmbedding(model="m").identity()


@pytest.mark.parametrize("engine", [VllmReward, VllmEmbedding])
def test_its_runner_is_not_the_users_to_choose(engine: type[Engine]) -> None:
    with pytest.raises(ValidationError, match="this engine needs `pooling`"):
        engine.model_validate({"model": "m", "runner": "generate"})
    assert engine.model_validate({"model": "m", "convert": "classify"})
    with pytest.raises(UserError, match=r"no field `max_model_length`.*\n.*did you mean `max_model_len`\?"):
        fill(engine, {"model": "m", "max_model_length": 8}, Document(""), (), "engine")


def test_asked_before_it_was_started() -> None:
    with pytest.raises(WorldError, match="the vllm_reward engine was not started"):
        asyncio.run(VllmReward(model="m").score(talk("a")))
