"""A recipe from its rows to a trained model: `train`, which goes on from wherever an earlier call was stopped."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import Any

from smoltalk.errors import WorldError
from smoltalk.train import memory
from smoltalk.train.checks import Checked, check
from smoltalk.train.loading import Rows, Tell, load
from smoltalk.train.needs import installed, model_there
from smoltalk.train.processes import ROWS, alone, is_first, shared
from smoltalk.train.recipe import Recipe
from smoltalk.train.results import Results, begun, last_checkpoint, same_rows, usable, write
from smoltalk.train.template import Template

_BATCHWISE = (
    "held-out figures of several processes are means of batches, the last one filled up with rows from the front: with "
    "another number of processes they are others; `smoltalk eval` counts every token once"
)


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


def look(recipe: Recipe, folder: Path, tell: Tell, only: bool = False) -> Looked:
    """Everything that is checked before a model is loaded: TRL's config, the rows, the template. `only`: nothing is
    trained here afterwards, so that no GPU need be here.

    Raises `UserError` and `WorldError`.
    """
    installed(recipe)
    model_there(recipe)
    tell("import TRL")
    _quiet()
    from smoltalk.train.configured import config

    args = config(recipe, only)
    if args.world_size == 1:
        rows = load(recipe, folder, tell)
        return Looked(recipe, rows, *check(recipe, rows, tell), args)
    with args.main_process_first(desc="reading the rows"):
        rows, checked, template = shared(recipe, folder, tell)
    if rows.test is not None:
        checked.of_template.append(_BATCHWISE)
    return Looked(recipe, rows, checked, template, args)


def train(recipe: Recipe, tell: Tell, told: Callable[[Looked], None], command: str) -> tuple[Results, bool]:
    """Train a recipe into its folder, or go on; the results, and whether there was nothing left to do.

    `told` hears of the rows before the model is loaded; `command` goes on. Raises `UserError`, `WorldError` (memory,
    disk) and `Interrupted`; the next call goes on after each.
    """
    earlier = usable(recipe)
    if earlier is not None and earlier["state"] == "complete":
        return earlier, True
    with alone(recipe.out, command):
        try:
            looked = look(recipe, recipe.out / ROWS, tell)
            results = begun(recipe, looked.rows, looked.checked) | {"command": command}
            if earlier is not None:
                if is_first():
                    same_rows(earlier, results, recipe.out)
                results |= {"before": earlier["before"], "samples": earlier["samples"]}
            told(looked)
            results = _trained(looked, results, tell, command)
        except Exception as error:
            if told_why := _world(recipe, error, command):
                raise told_why from error
            raise
    return results, False


def _world(recipe: Recipe, error: Exception, command: str) -> WorldError | None:
    """What to say of too little memory, a full disk, a model that cannot be had; None for everything else."""
    if memory.is_short(error):
        return memory.told(recipe, _kept(recipe.out), command)
    if isinstance(error, OSError) and error.strerror:
        return WorldError(f"{recipe.out}: {error.strerror.lower()}", _kept(recipe.out), command)
    said = str(error).partition("\n")[0]
    if type(error).__name__ == "SafetensorError" or "PytorchStreamWriter" in said:
        return WorldError(f"{recipe.out} cannot be written: {said}", _kept(recipe.out), command)
    return WorldError(said, _kept(recipe.out), command) if isinstance(error, OSError) else None


def _trained(looked: Looked, results: Results, tell: Tell, command: str) -> Results:
    from smoltalk.train import configured, dpo, measuring, reward, samples, sft
    from smoltalk.train.configured import setting
    from smoltalk.train.watching import Request, Watch, stopping_politely

    recipe, rows = looked.recipe, looked.rows
    tell("load the model")
    request = Request()
    built = {"sft": sft, "dpo": dpo, "reward": reward}[recipe.kind]

    def measured(metrics: dict[str, Any]) -> None:
        results["before"] = results["before"] or measuring.held_out(metrics)
        if is_first():
            write(results, recipe.out)

    watch = Watch(tell, request, measured)
    try:
        trainer = built.trainer(setting(recipe, looked.args, looked.template.tokenizer), rows, [watch])
    except (ValueError, TypeError, ImportError) as error:
        raise configured.told(recipe, str(error)) from error
    if not len(trainer.train_dataset):
        raise recipe.problem("max_length", "max_length: no row has an answer that begins within it, so TRL drops all")
    _without_printing(trainer)
    trainer.create_model_card = _no_card
    single, tokenizer = trainer.args.world_size == 1, trainer.processing_class
    results |= measuring.parameters(trainer.model)
    results["device"], results["processes"] = str(trainer.args.device.type), trainer.args.world_size
    results["batch"] = trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps * results["processes"]
    tell("measure the model before training")
    if not results["samples"] and single:
        results["samples"] = samples.drawn(recipe, rows)
        samples.answered(recipe, trainer.model, tokenizer, results["samples"], "before")
    # by the trainer itself, once it has spread the model over processes: `evaluate` before that keeps it from doing so
    trainer.args.eval_on_start = rows.test is not None and not results["before"]
    if is_first():
        write(results, recipe.out)
    last = recipe.value("resume_from_checkpoint", None) or last_checkpoint(recipe.out)
    began = time.monotonic()
    with stopping_politely(request, tell, single):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    if request.handled and trainer.state.global_step < trainer.state.max_steps:
        step, steps = trainer.state.global_step, trainer.state.max_steps
        raise Interrupted(f"stopped at step {step:,} of {steps:,}; {_kept(recipe.out)}\n    go on with: {command}")
    seconds = time.monotonic() - began
    tell("measure the trained model")
    _without_trackers(trainer)
    if rows.test is not None:
        results["after"] = measuring.held_out(trainer.evaluate())
    samples.answered(recipe, trainer.model, tokenizer, results["samples"], "after")
    results |= {
        "history": measuring.history(trainer.state.log_history), "steps": trainer.state.global_step,
        "epochs": trainer.state.epoch, "seconds": round(seconds, 1), "resumed": bool(last), "state": "complete",
    }  # fmt: skip
    results.pop("command", None)  # there is nothing to go on with
    results["remarks"] += measuring.diverged(results["history"])
    tell("write the model")
    trainer.save_model(str(recipe.out))
    if is_first():
        (recipe.out / "training_args.bin").unlink(missing_ok=True)  # a pickle; `training.json` says the same
        write(results, recipe.out)
    return results


def _no_card(*_: object, **__: object) -> None:
    """In place of TRL's card, written with every checkpoint: ours comes when there is a model to tell of."""


def _without_trackers(trainer: Any) -> None:
    """Takes out what reports to wandb and the like: its run is over, and a figure more would begin another."""
    from transformers import integrations

    trackers: Any = integrations
    for one in trackers.get_reporting_integration_callbacks(trainer.args.report_to):
        trainer.remove_callback(one)


def _without_printing(trainer: Any) -> None:
    """Takes out the callbacks that write dictionaries on the screen."""
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    if trainer.args.disable_tqdm:
        trainer.remove_callback(PrinterCallback)
        trainer.remove_callback(ProgressCallback)


def _kept(out: Path) -> str:
    return str(last_checkpoint(out) or "nothing yet; `save_steps` says how often a checkpoint is written")


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
    getLogger("huggingface_hub").setLevel("ERROR")  # it tells every try of a Hub that is out of reach
    quiet: Any = logging.disable_progress_bar
    quiet()
