"""A recipe from its rows to a trained model: `train`, which goes on from wherever an earlier call was stopped."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from smoltalk.errors import WorldError
from smoltalk.train import memory
from smoltalk.train.checks import Checked, check
from smoltalk.train.loading import Rows, Tell, load
from smoltalk.train.recipe import Recipe
from smoltalk.train.results import Results, begun, same_rows, usable, write
from smoltalk.train.writing import Template

ROWS = "rows"
"""Folder of the rows that are trained on, while they are."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A recipe that can be trained, as far as anyone can tell before a model is loaded."""

    recipe: Recipe
    rows: Rows
    checked: Checked
    template: Template
    args: Any
    """TRL's config."""


class Interrupted(Exception):
    """Training was asked to stop, and did; its words say how to go on."""


def look(recipe: Recipe, folder: Path, tell: Tell) -> Looked:
    """Everything that is checked before a model is loaded: TRL's config, the rows, the template.

    Raises `UserError` and `WorldError`.
    """
    _quiet()
    from smoltalk.train.configured import config

    tell("import TRL")
    _installed(recipe)
    args = config(recipe)
    rows = load(recipe, folder, tell)
    checked, template = check(recipe, rows, tell)
    return Looked(recipe, rows, checked, template, args)


def train(recipe: Recipe, tell: Tell, told: Callable[[Looked], None], command: str) -> tuple[Results, bool]:
    """Train a recipe into its folder, or go on; the results, and whether there was nothing left to do.

    `told` hears of the rows before the model is loaded; `command` goes on. Raises `UserError`, `WorldError` (memory,
    disk) and `Interrupted`; the next call goes on after each.
    """
    earlier = usable(recipe)
    if earlier is not None and earlier["state"] == "complete":
        return earlier, True
    rank = os.environ.get("RANK", "0")
    folder = recipe.out / ROWS / rank
    try:
        looked = look(recipe, folder, tell)
        results = begun(recipe, looked.rows, looked.checked)
        if earlier is not None:
            same_rows(earlier, results, recipe.out)
            results |= {"before": earlier["before"], "samples": earlier["samples"]}
        told(looked)
        results = _trained(looked, results, tell, command)
    except (MemoryError, RuntimeError) as error:
        if memory.is_short(error):
            raise memory.told(recipe, _kept(recipe.out), command) from error
        raise
    except OSError as error:
        # transformers says so as well when a model cannot be had
        said = f"{recipe.out}: {error.strerror}" if error.strerror else str(error).partition("\n")[0]
        raise WorldError(said, _kept(recipe.out), command) from error
    shutil.rmtree(folder.parent if rank == "0" else folder, ignore_errors=True)
    return results, False


def _trained(looked: Looked, results: Results, tell: Tell, command: str) -> Results:
    from transformers import trainer_utils

    from smoltalk.train import configured, dpo, reward, samples, sft
    from smoltalk.train.configured import setting
    from smoltalk.train.watching import Request, Watch, stopping_politely

    last_checkpoint: Any = trainer_utils.get_last_checkpoint
    recipe, rows = looked.recipe, looked.rows
    tell("load the model")
    request = Request()
    built = {"sft": sft, "dpo": dpo, "reward": reward}[recipe.kind]
    try:
        trainer = built.trainer(setting(recipe, looked.args, looked.template.tokenizer), rows, [Watch(tell, request)])
    except (ValueError, TypeError, ImportError) as error:
        raise configured.told(recipe, str(error)) from error
    _without_printing(trainer)
    first, alone = trainer.is_world_process_zero(), trainer.args.world_size == 1
    tokenizer = trainer.processing_class
    results["parameters"] = sum(one.numel() for one in trainer.model.parameters())
    results["trained_parameters"] = sum(one.numel() for one in trainer.model.parameters() if one.requires_grad)
    if not results["before"]:
        tell("measure the model before training")
        results["before"] = _measured(trainer, rows)
        results["samples"] = samples.drawn(recipe, rows) if alone else []
        samples.answered(recipe, trainer.model, tokenizer, results["samples"], "before")
    if first:
        write(results, recipe.out)
    last = recipe.value("resume_from_checkpoint", None) or last_checkpoint(str(recipe.out))
    began = time.monotonic()
    with stopping_politely(request, tell):
        trainer.train(resume_from_checkpoint=last)
    if request.handled and trainer.state.global_step < trainer.state.max_steps:
        step, steps = trainer.state.global_step, trainer.state.max_steps
        raise Interrupted(f"stopped at step {step:,} of {steps:,}; {_kept(recipe.out)}\n    go on with: {command}")
    seconds = time.monotonic() - began
    tell("measure the trained model")
    results["after"] = _measured(trainer, rows)
    samples.answered(recipe, trainer.model, tokenizer, results["samples"], "after")
    results |= {
        "history": _history(trainer.state.log_history), "steps": trainer.state.global_step,
        "epochs": trainer.state.epoch, "seconds": round(seconds, 1), "resumed": bool(last), "state": "complete",
        "batch": trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps * trainer.args.world_size,
        "device": str(trainer.args.device.type), "processes": trainer.args.world_size,
    }  # fmt: skip
    results["remarks"] += _diverged(results["history"])
    tell("write the model")
    trainer.save_model(str(recipe.out))
    if first:
        (recipe.out / "training_args.bin").unlink(missing_ok=True)  # a pickle; `training.json` says the same
        write(results, recipe.out)
    return results


def _measured(trainer: Any, rows: Rows) -> dict[str, float]:
    """Figures of the held-out rows, under TRL's names without `eval_`; {} where none are held out."""
    if rows.test is None or trainer.eval_dataset is None:
        return {}
    found = trainer.evaluate()
    passed_over = ("runtime", "per_second", "epoch", "num_tokens", "num_input_tokens", "_time")
    return {
        name.removeprefix("eval_"): float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and isfinite(value) and not any(word in name for word in passed_over)
    }


def _history(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was logged, without what is no figure of learning."""
    passed_over = ("runtime", "per_second", "total_flos", "num_tokens", "num_input_tokens")
    return [
        {name: value for name, value in one.items() if not any(word in name for word in passed_over)}
        for one in logged
        if "train_runtime" not in one
    ]


def _diverged(history: list[dict[str, Any]]) -> list[str]:
    """What to say of a loss that is no number any more."""
    steps = [one["step"] for one in history if not isfinite(one.get("loss", 0.0))]
    return [f"the loss is no number at step {steps[0]:,}: a lower learning_rate may keep it one"] if steps else []


def _without_printing(trainer: Any) -> None:
    """Takes out the callbacks that write dictionaries on the screen."""
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    if trainer.args.disable_tqdm:
        trainer.remove_callback(PrinterCallback)
        trainer.remove_callback(ProgressCallback)


def _kept(out: Path) -> str:
    found = sorted(out.glob("checkpoint-*"), key=lambda one: int(one.name.rpartition("-")[2]))
    return f"{found[-1]}" if found else "no checkpoint yet: `save_steps` says how often one is written"


def _quiet() -> None:
    """Nothing but what we say goes to the screen or the network: before the libraries are imported."""
    for name, value in (
        ("HF_HUB_DISABLE_TELEMETRY", "1"), ("TOKENIZERS_PARALLELISM", "false"), ("TQDM_DISABLE", "1"),
        ("TRANSFORMERS_VERBOSITY", "error"), ("HF_DATASETS_DISABLE_PROGRESS_BARS", "1"),
    ):  # fmt: skip
        os.environ.setdefault(name, value)
    import datasets
    from transformers.utils import logging

    datasets.disable_progress_bars()
    quiet: Any = logging.disable_progress_bar
    quiet()


def _installed(recipe: Recipe) -> None:
    from importlib.util import find_spec

    lacks = [name for name in ("torch", "trl") if find_spec(name) is None]
    if lacks:
        sentence = f"training needs {' and '.join(lacks)}, not installed here"
        raise WorldError(sentence, command="pip install 'smoltalk-factory[train]'")
