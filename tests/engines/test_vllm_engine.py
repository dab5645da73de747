"""The vllm engine and its servers: what the planner hears, how they start, and what they tell."""

import asyncio
from pathlib import Path

import pytest

from smoltalk.engines.vllm import Vllm
from smoltalk.errors import WorldError
from smoltalk.placement import Place
from tests.engines.vllm_at_work import asking, at_work, engine, notes, replies, the_server
from tests.processes import below, words_of


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


def test_a_server_that_does_not_start_says_why(program: str, tmp_path: Path) -> None:
    with pytest.raises(WorldError) as caught:
        replies(engine(program, max_model_len=1), tmp_path, [])
    assert "| ValueError: To serve at least one request" in str(caught.value)
    assert "lower `max_model_len`" in str(caught.value)


def test_before_start_it_says_so() -> None:
    with pytest.raises(WorldError, match="was not started"):
        asyncio.run(Vllm(model="m").complete(asking("hello")))
    asyncio.run(Vllm(model="m").stop())


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
