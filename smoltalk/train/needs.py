"""What a recipe needs beside its rows: packages that are installed, and a model that is there and whole."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from smoltalk.errors import Problem, UserError, WorldError, nearest
from smoltalk.fields import meant
from smoltalk.train.recipe import NANO, Recipe
from smoltalk.train.results import read

_ALWAYS = ("torch", "transformers", "trl", "accelerate", "safetensors")
_TRACKERS = ("wandb", "trackio", "tensorboard", "mlflow")
_WEIGHTS = ("config.json", "adapter_config.json")


def installed(recipe: Recipe) -> None:
    """Raises `WorldError` where torch and TRL are not there, `UserError` at the keys that need another package."""
    if lacks := [name for name in _ALWAYS if not _there(name)]:
        sentence = f"training needs {', '.join(lacks)}, not installed here"
        raise WorldError(sentence, command="pip install 'smoltalk-factory[train]'")
    if problems := list(_lacking(recipe)):
        raise UserError(problems)


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a module that somebody put in its place
        return False


def _lacking(recipe: Recipe) -> Iterator[Problem]:
    wanted = [("use_peft", "peft")] if recipe.value("use_peft", False) else []
    wanted += [(key, "bitsandbytes") for key in ("load_in_4bit", "load_in_8bit") if recipe.value(key, False)]
    said = recipe.value("report_to", None) or []
    wanted += [("report_to", name) for name in ([said] if isinstance(said, str) else said) if name in _TRACKERS]
    if recipe.value("deepspeed", None):
        wanted.append(("deepspeed", "deepspeed"))
    for key, name in wanted:
        if not _there(name):
            yield recipe.document.problem(
                (key,), f"{key}: the package `{name}` is not installed", f"pip install {name}"
            )


def model_there(recipe: Recipe) -> None:
    """Raises `UserError` for a model's folder that is not there, holds no model, an adapter or half a training, and for
    a word that is near `nano` or, where HF_HUB_OFFLINE is set, not in the Hub's cache."""
    name = str(recipe.given["model_name_or_path"])
    folder = Path(recipe.model)
    if not folder.exists() and not _is_on_disk(name):
        told = None if _is_cached(name) else _misspelt(name)
    else:
        told = _wrong(name, folder)
    if told:
        raise recipe.problem("model_name_or_path", *told)


def _is_on_disk(name: str) -> bool:
    """Whether a name that is no folder was meant as one, not as `org/name` on the Hub."""
    return name.startswith((".", "/", "~", "models/")) or name.count("/") > 1


def _misspelt(name: str) -> tuple[str, str] | None:
    """A sentence and a hint for a name that the Hub need not be asked for."""
    near = nearest(name, [NANO, *(str(one) for one in Path("models").glob("*"))])
    hint = near if meant(near) else "a folder, ORG/NAME of the Hub, or `nano`, the model in this package"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return f"there is no model `{name}`: no such folder, and HF_HUB_OFFLINE is set", hint
    return (f"there is no model `{name}`", hint) if "/" not in name and meant(near) else None


def _is_cached(name: str) -> bool:
    """Whether a model of the Hub is on disk (hf.co/docs/huggingface_hub, environment variables)."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    return (cache / f"models--{name.replace('/', '--')}").is_dir()


def _wrong(name: str, folder: Path) -> tuple[str, str] | None:
    """A sentence and a hint."""
    if not folder.exists():
        near = nearest(name, [str(one) for one in folder.parent.glob("*")])
        return f"there is no model in `{name}`", near if meant(
            near
        ) else "`smoltalk train` writes one; or a name on the Hub"
    found = read(folder)
    if found is not None and found.get("state") == "running":
        return f"the training in `{name}` is not finished", "go on with the `smoltalk train` that began it"
    if not any((folder / one).is_file() for one in _WEIGHTS):
        return f"`{name}` holds no model: there is no config.json", "a folder that `save_pretrained` wrote"
    if not (folder / "config.json").is_file():
        return f"`{name}` holds an adapter, not a whole model", f"smoltalk train merge {name} --out {name}_merged"
    return None
