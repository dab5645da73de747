"""Other people's suites: the command of lm-evaluation-harness or lighteval for a model, printed or run."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from smoltalk.contracts import Engine
from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.eval.subject import Model

Suite = Literal["lm-eval", "lighteval"]
_PROGRAMS = {"lm-eval": "lm_eval", "lighteval": "lighteval"}
_INSTALL = {"lm-eval": "pip install 'lm-eval[ifeval,math,vllm,api]'", "lighteval": "pip install 'lighteval[vllm]'"}
_SHARED = ("tensor_parallel_size", "gpu_memory_utilization", "max_model_len", "dtype", "revision", "data_parallel_size")
"""Options of `vllm serve` that both suites pass on."""
_RENAMED = {"lighteval": {"max_model_len": "max_model_length"}}


def command(suite: Suite, model: Model, tasks: Sequence[str], folder: Path, limit: int | None = None) -> list[str]:
    """What to run. Tasks go by the suite's own names. Raises `UserError` for a model that the suite cannot reach.

    The chat template is applied and shots are turns, as a chat model is used.
    """
    if not tasks:
        raise UserError([Problem("--tasks", 0, f"names no task of {suite}", "for example: --tasks ifeval,gsm8k")])
    kind, arguments = _addressed(suite, model)
    said = ",".join(f"{name}={value}" for name, value in arguments.items())
    if suite == "lm-eval":
        words = ["lm_eval", "--model", kind, "--model_args", said, "--tasks", ",".join(tasks)]
        words += ["--apply_chat_template", "--fewshot_as_multiturn", "--log_samples", "--output_path", str(folder)]
        return words + (["--limit", str(limit)] if limit else [])
    words = ["lighteval", *kind.split(), said, ",".join(tasks), "--output-dir", str(folder), "--save-details"]
    return words + (["--max-samples", str(limit)] if limit else [])


def shown(words: Sequence[str]) -> str:
    """The command as a shell takes it."""
    return shlex.join(words)


def run(suite: Suite, words: Sequence[str]) -> int:
    """Run it on this screen; returns its exit code. Raises `WorldError` where the suite is not installed."""
    if shutil.which(_PROGRAMS[suite]) is None:
        raise WorldError(f"{suite} is not installed", command=f"{_INSTALL[suite]}, then: {shown(words)}")
    return subprocess.run(list(words), check=False).returncode


def _addressed(suite: Suite, model: Model) -> tuple[str, dict[str, Any]]:
    engine = model.engine
    if getattr(engine, "base_url", None) or getattr(engine, "endpoint", None):
        return _remote(suite, engine)
    if model.weights is None:
        sentence = f"{suite} runs models by their weights or behind an endpoint, and {model.name} is neither"
        raise UserError([Problem(model.given, 0, sentence)])
    weights = str(Path(model.weights).resolve()) if Path(model.weights).is_dir() else model.weights
    given = getattr(engine, "options", None)
    if given is not None:
        names = _RENAMED.get(suite, {})
        options = {names.get(key, key): given[key] for key in _SHARED if given.get(key) is not None}
        if getattr(engine, "lora", None):
            return _adapter(suite, str(getattr(engine, "model", "")), weights, options, given)
        return "vllm", {"pretrained" if suite == "lm-eval" else "model_name": weights, **options}
    if suite == "lm-eval":
        return "hf", {"pretrained": weights, "dtype": "float32"}
    return "accelerate", {"model_name": weights}


def _adapter(
    suite: Suite, base: str, weights: str, options: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """A LoRA adapter on its base, which lighteval does on transformers alone."""
    if suite == "lighteval":
        return "accelerate", {"model_name": weights, "adapter_weights": "true", "base_model": base}
    rank = {"max_lora_rank": given["max_lora_rank"]} if given.get("max_lora_rank") else {}
    return "vllm", {"pretrained": base, "lora_local_path": weights, **rank, **options}


def _remote(suite: Suite, engine: Engine) -> tuple[str, dict[str, Any]]:
    given = getattr(engine, "endpoint", None) or getattr(engine, "base_url", None)
    address = str(given[0] if isinstance(given, tuple) else given).rstrip("/")
    served = getattr(engine, "asked_name", None) or getattr(engine, "model", "")
    if suite == "lm-eval":
        return "local-chat-completions", {"model": served, "base_url": f"{address}/chat/completions"}
    return "endpoint litellm", {"provider": "openai", "model_name": f"openai/{served}", "base_url": address}
