"""The engine that runs a model's folder: a plain Llama in this process, a reward model, a LoRA adapter on its base."""

import json
from pathlib import Path
from typing import Any

from smoltalk.contracts import Engine
from smoltalk.errors import Problem, UserError, WorldError

NUMPY_LIMIT = 700_000_000
"""Parameters up to which a plain Llama runs in this process on numpy, where there is no server for it."""
_NO_MODEL = "holds no model: there is no config.json in it"
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What `vllm serve` takes as `max_lora_rank`."""


def folder_name(folder: Path) -> str:
    """As tables have it; a checkpoint by its run too: `sft/checkpoint-10`."""
    whole = folder.resolve()
    return f"{whole.parent.name}/{whole.name}" if whole.name.startswith("checkpoint-") else whole.name


def engine_of(folder: Path) -> Engine:
    """A plain, not too large Llama runs on numpy in this process, another model that scores on transformers, everything
    else on vLLM. Raises `UserError` for a folder that holds no model.
    """
    from smoltalk.llama.folder import count_parameters, faults, is_reward_model

    if not (folder / "config.json").is_file():
        if is_adapter(folder):
            return _adapter(folder)
        raise UserError([_unfinished(folder) or Problem(str(folder), 0, _NO_MODEL)])
    _whole(folder)
    plain = not list(faults(folder))
    if plain and is_reward_model(folder):
        from smoltalk.engines.nano_reward import NanoReward

        return NanoReward(model=folder)
    if plain and count_parameters(folder) <= NUMPY_LIMIT:
        from smoltalk.engines.nano import Nano

        return Nano(model=folder)
    config = _read(folder / "config.json")
    if any("ForSequenceClassification" in str(name) for name in config.get("architectures") or ()):
        from smoltalk.engines.reward_model import RewardModel

        return RewardModel(model=str(folder))
    from smoltalk.engines.vllm import Vllm

    return Vllm.model_validate({"model": str(folder)})


def _unfinished(folder: Path) -> Problem | None:
    """What to say of a training that has not come to its end."""
    from smoltalk.train.results import last_checkpoint, read

    found = read(folder)
    if found is None or found.get("state") == "complete":
        return None
    command = found.get("command")
    again = f"go on with: {command}" if command else "go on with the `smoltalk train` that began it"
    whole = last_checkpoint(folder)
    hint = f"{again}, or evaluate what there is: {whole}" if whole else again
    return Problem(str(folder), 0, "holds a training that is unfinished", hint)


def is_adapter(folder: Path) -> bool:
    """Whether it holds an adapter, and not the model that it belongs to."""
    return (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file()


def _whole(folder: Path) -> None:
    """Raises `UserError` for weights that are missing or cut short, which costs no loading to see."""
    from smoltalk.llama.folder import read_header

    there = sorted(folder.glob("*.safetensors"))
    index = folder / "model.safetensors.index.json"
    listed = {str(name) for name in (_read(index).get("weight_map") or {}).values()} if index.is_file() else set()
    missing = sorted(listed - {path.name for path in there})
    wrong = [f"holds half a model: {', '.join(missing[:3])} is not there"] if missing else []
    if not there and not any(folder.glob("*.bin")):
        wrong = ["holds no model: there are no weights in it"]
    for path in there:
        try:
            read_header(path)
        except WorldError as error:
            wrong.append(f"holds a broken model: {error.sentence}")
    if wrong:
        raise UserError(Problem(str(folder), 0, sentence) for sentence in wrong)


def _adapter(folder: Path) -> Engine:
    """vLLM with the base model, asked for the adapter."""
    config = _read(folder / "adapter_config.json")
    base, rank = str(config.get("base_model_name_or_path") or ""), config.get("r")
    merged = "merge it into its base: peft's `merge_and_unload`, then `save_pretrained`"
    if config.get("peft_type") != "LORA" or config.get("task_type") == "SEQ_CLS":
        what = f"{config.get('peft_type')} of {config.get('task_type')}"
        raise UserError([Problem(str(folder), 0, f"holds an adapter that vLLM does not run ({what})", merged)])
    is_path = base.startswith((".", "/", "~")) or base.count("/") > 1
    if not base or (is_path and not Path(base).expanduser().is_dir()):
        hint = "put it back, or correct `base_model_name_or_path` in adapter_config.json"
        raise UserError([Problem(str(folder), 0, f"holds an adapter to `{base}`, which is not there", hint)])
    from smoltalk.engines.vllm import Vllm

    fields: dict[str, Any] = {"model": base, "lora": "adapter", "lora_modules": [f"adapter={folder.resolve()}"]}
    fits = next((one for one in _RANKS if isinstance(rank, int) and one >= rank), _RANKS[-1])
    return Vllm.model_validate({**fields, "enable_lora": True, "max_lora_rank": fits})


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError([Problem(str(path), 0, f"cannot be read: {error}")]) from None
    return found if isinstance(found, dict) else {}
