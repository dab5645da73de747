"""The keys of TRL's configs by name: which there are, which values they take, what became of old ones.

The list in `trl_keys.json` is what TRL's own classes said (`trl_listing.py`), so that a recipe is read without torch.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["sft", "dpo", "reward"]
"""Of trainer: the verb after `smoltalk train`."""

KINDS: tuple[Kind, ...] = ("sft", "dpo", "reward")
Form = Mapping[str, list[str]]
"""`forms`: null, bool, int, float, str, list, dict. `choices`: the words that are known, where TRL lists them."""

GONE: Mapping[str, str] = {
    "torch_dtype": "it is `dtype` now",
    "max_seq_length": "it is `max_length` now",
    "max_prompt_length": "TRL cuts prompts no longer; `max_length` is that of prompt and answer together",
    "max_completion_length": "`max_length` is that of prompt and answer together",
    "warmup_ratio": "`warmup_steps` below 1 is a share of all steps: `warmup_steps: 0.1`",
    "overwrite_output_dir": "a folder is never overwritten: `--out` names another",
    "logging_dir": "trackers choose it; `report_to` names them",
    "rpo_alpha": "`loss_type: [sigmoid, sft]` with `loss_weights` adds the SFT loss",
    "use_logits_to_keep": "TRL always does it",
    "chat_template": "`chat_template_path` names a .jinja file, or the model that has the template (SFT; for DPO the "
    "template is saved with the model)",
    "dataset_mixture": "`datasets: [{path, name, split, columns}]`, or `data: {run: ...}` of a mixture",
    "dataset_mixer": "`datasets: [{path, name, split, columns}]`, or `data: {run: ...}` of a mixture",
    "dataset_splits": "`data: {hub, split, test_split}`",
    "preprocessing_num_workers": "it is `dataset_num_proc` now",
    "evaluation_strategy": "it is `eval_strategy` now",
    "tokenizer_name_or_path": "the tokenizer is the model's",
    "group_by_length": "`train_sampling_strategy: group_by_length`",
    "env": "variables are set in the shell",
    "accelerate_config": "accelerate launch --config_file FILE -m smoltalk train ...",
    "num_processes": "accelerate launch --num_processes N -m smoltalk train ...",
    "kind": "it is the word after `smoltalk train`",
}
"""Keys of older versions of TRL, of the alignment handbook and of the `trl` command, and what says the same here."""

LEAST: Mapping[str, int] = {
    "per_device_train_batch_size": 1, "per_device_eval_batch_size": 1, "gradient_accumulation_steps": 1,
    "eval_accumulation_steps": 1, "max_length": 1, "dataset_num_proc": 1, "lora_r": 1, "lora_alpha": 1,
    "learning_rate": 0, "weight_decay": 0, "max_grad_norm": 0, "warmup_steps": 0, "dataloader_num_workers": 0,
}  # fmt: skip
"""The least that a key may be where it is a number: TRL takes less without a word, and fails on it later."""
TRACKERS = (
    "all", "none", "azure_ml", "clearml", "codecarbon", "comet_ml", "dagshub", "dvclive", "flyte", "kubeflow", "mlflow",
    "neptune", "swanlab", "tensorboard", "trackio", "wandb",
)  # fmt: skip
"""What `report_to` takes: transformers says so only when a trainer is built."""
ABOVE_0 = frozenset({"num_train_epochs"})
"""Keys that may be any number above 0."""


@cache
def _listed() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(__file__).with_name("trl_keys.json").read_text(encoding="utf-8"))
    return told


def version() -> str:
    """Of the TRL that the list is of."""
    return str(_listed()["version"])


def keys(kind: Kind) -> Mapping[str, Form]:
    """All keys that recipes for a trainer may have, of TRL's."""
    return {**_listed()["shared"], **_listed()["kinds"][kind]}


def keys_of_a_dataset() -> Mapping[str, Form]:
    """Keys of each of TRL's `datasets:`."""
    found: Mapping[str, Form] = _listed()["datasets"]
    return found


def config_keys(kind: Kind) -> frozenset[str]:
    """Keys of the trainer's own config: `SFTConfig` and its like."""
    return frozenset(_listed()["kinds"][kind])


def others(key: str, kind: Kind) -> tuple[Kind, ...]:
    """Trainers beside this one that take a key."""
    return tuple(one for one in KINDS if one != kind and key in _listed()["kinds"][one])


def fits(form: Form, value: Any) -> bool:
    """Whether a value is of a form that the key takes."""
    return _form(value) in form["forms"] or (_form(value) == "int" and "float" in form["forms"])


def too_little(key: str, value: Any) -> str:
    """What a number must be that is less than its key allows; empty for one that is not."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    if key in ABOVE_0:
        return "" if value > 0 else "above 0"
    return f"at least {LEAST[key]}" if key in LEAST and not value >= LEAST[key] else ""


def words(form: Form) -> str:
    """The forms, for people."""
    told = {
        "null": "empty", "bool": "true or false", "int": "a whole number", "float": "a number", "str": "text",
        "list": "a list", "dict": "a mapping",
    }  # fmt: skip
    return " or ".join(told[one] for one in form["forms"] if one != "null" or len(form["forms"]) == 1)


def _form(value: Any) -> str:
    kinds: dict[type, str] = {
        bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict", type(None): "null",
    }  # fmt: skip
    return kinds.get(type(value), "")
