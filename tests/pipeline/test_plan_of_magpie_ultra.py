"""The plan shown for the shipped Magpie Ultra, on machines of several sizes; `GOLDEN=write` rewrites it."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from smoltalk.cli.run import plan
from smoltalk.errors import UserError
from smoltalk.pipeline import Pipeline, describe, load
from smoltalk.pipeline.placing import engine_plan, engine_turns

GOLDEN = Path(__file__).parent / "plans"
ROOT = Path(__file__).parents[2]
SHIPPED = Path("pipelines/magpie_ultra.yaml")
LLAMA_8B: dict[str, Any] = {
    "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "torch_dtype": "bfloat16", "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "meta-llama/Llama-3.1-70B-Instruct": LLAMA_8B | {
        "hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64, "intermediate_size": 28672,
    },
    "meta-llama/Llama-3.1-8B-Instruct": LLAMA_8B,
    "meta-llama/Llama-Guard-3-8B": LLAMA_8B,
    "Skywork/Skywork-Reward-V2-Llama-3.1-8B": LLAMA_8B | {"architectures": ["LlamaForSequenceClassification"]},
    "BAAI/bge-m3": {
        "architectures": ["XLMRobertaModel"], "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096, "vocab_size": 250002, "torch_dtype": "float32", "max_position_embeddings": 8194,
    },
}  # fmt: skip
LIKE_IT = """\
name: magpie-ultra
engines:
  judge:    {vllm: {model: meta-llama/Llama-3.1-8B-Instruct, max_model_len: 16384}}
  teacher:  {vllm: {model: meta-llama/Llama-3.1-70B-Instruct, tensor_parallel_size: 8, max_model_len: 16384}}
  rater:    {vllm: {model: meta-llama/Llama-3.1-8B-Instruct, max_model_len: 16384}}
  reward:   {vllm_reward: {model: Skywork/Skywork-Reward-V2-Llama-3.1-8B, max_model_len: 16384}}
  guard:    {vllm: {model: meta-llama/Llama-Guard-3-8B, max_model_len: 16384}}
target: {accepted: 1000, max_attempts: 4000}
steps:
  - magpie: {engine: teacher, turns: 3}
  - ask: {engine: rater, template: rate_quality}
  - ask: {engine: judge, template: rate_difficulty}
  - score: {engine: reward, of: conversation}
  - guard: {engine: guard, form: llama_guard}
gates:
  - complete: {}
"""


@pytest.fixture
def ultra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """One like it with two names for a model, and the models' configs, no more of them, in the Hub's cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for model, config in MODELS.items():
        kept = tmp_path / "hub" / f"models--{model.replace('/', '--')}"
        (kept / "refs").mkdir(parents=True)
        (kept / "refs" / "main").write_text("c0ffee")
        (kept / "snapshots" / "c0ffee").mkdir(parents=True)
        (kept / "snapshots" / "c0ffee" / "config.json").write_text(json.dumps(config))
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ultra.yaml").write_text(LIKE_IT)
    return load(Path("ultra.yaml"))


@pytest.fixture
def shipped(ultra: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The shipped one, as it is named from the repository's root."""
    monkeypatch.chdir(ROOT)
    return load(SHIPPED)


def machine(monkeypatch: pytest.MonkeyPatch, gigabytes: Sequence[int], memory: int = 1000) -> None:
    """A machine with these GPUs, as NVIDIA's library tells of them."""

    def cannot_be_cut(handle: int) -> None:
        raise RuntimeError

    library = ModuleType("pynvml")
    library.__dict__.update(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetCount=lambda: len(gigabytes),
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMigMode=cannot_be_cut,
        nvmlDeviceGetUUID=lambda handle: f"GPU-{handle}",
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(
            total=gigabytes[handle] * 10**9, free=int(gigabytes[handle] * 0.995e9)
        ),
        nvmlDeviceGetName=lambda handle: "NVIDIA H100",
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for module in ("placing", "engine_lines"):
        monkeypatch.setattr(f"smoltalk.pipeline.{module}.main_memory", lambda: memory * 10**9)


MACHINES = {"8x80": [80] * 8, "16x80": [80] * 16, "8x40": [40] * 8, "8x16": [16] * 8, "cpu": []}


@pytest.mark.parametrize("name", MACHINES)
def test_the_plan_is_shown(shipped: Pipeline, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    machine(monkeypatch, MACHINES[name], memory=64)
    checked, run = describe(shipped), plan(shipped)
    start, end = checked.index("\nengines\n"), checked.index("\nends\n")
    shown = f"$ smoltalk check {SHIPPED}\n...{checked[start:end]}\n$ smoltalk run {SHIPPED}\n{run}\n"
    golden = GOLDEN / f"magpie_ultra_{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_the_plan_in_the_readme_is_what_check_prints(shipped: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [80] * 8)
    checked = describe(shipped)
    here = checked[checked.index("\nhere\n") + 1 : checked.index("\nends\n")].strip()
    block = f"```\n$ smoltalk check {SHIPPED}\n...\n{here}\n...\n```"
    assert block in (ROOT / "README.md").read_text(encoding="utf-8"), block


def test_the_shipped_one_pays_for_nothing_that_nobody_reads(shipped: Pipeline) -> None:
    assert "\nwarnings\n" not in describe(shipped)


def test_they_take_turns_where_they_do_not_fit(ultra: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [40] * 8)
    order = engine_turns(ultra, engine_plan(ultra))
    assert [sorted(names) for names in order] == [["teacher"], ["guard", "judge", "reward"]]


def test_what_has_no_place_is_said_by_the_line_of_its_engine(ultra: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [16] * 8)
    with pytest.raises(UserError) as caught:
        engine_turns(ultra, engine_plan(ultra))
    [problem] = [p for p in caught.value.problems if p.sentence.startswith("teacher")]
    assert problem.line == 4
    assert problem.sentence.startswith("teacher needs 8 GPUs with 20 GB free on each; there are 8 with 15 GB each")
    assert "`max_model_len`" in problem.hint


def test_without_vllm_it_is_said_beforehand(ultra: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [80] * 8)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "\n  teacher, judge, reward, guard: there is no `vllm` beside this Python nor on PATH" in describe(ultra)


def test_a_pool_is_never_parted(ultra: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three fit on the machine, and it is not the first two."""
    pool = """\
name: pool
engines:
  writer: {vllm: {model: x/writer-8B}}
  a: {vllm: {model: x/a-8B}}
  b: {vllm: {model: x/b-8B}}
  raters: {pool: {of: [a, b]}}
target: {accepted: 10}
steps:
  - magpie: {engine: writer}
  - ask: {engine: raters, template: rate_quality}
gates:
  - complete: {}
"""
    machine(monkeypatch, [24] * 2)
    (tmp_path / "pool.yaml").write_text(pool)
    pooled = load(tmp_path / "pool.yaml")
    assert [sorted(names) for names in engine_turns(pooled, engine_plan(pooled))] == [["writer"], ["a", "b"]]
    assert "\n  turn 2  a       GPU 0  at least 19 GB, given 22 GB  ask_rate_quality\n" in describe(pooled)
