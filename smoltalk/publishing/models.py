"""A trained model as a release: its weights, configuration, tokenizer, page and card, and nothing of its training."""

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from smoltalk.errors import Problem, UserError
from smoltalk.publishing.release import README, Entry, Release, entry
from smoltalk.publishing.secrets import Secrets, own_secrets
from smoltalk.redaction import shown_path

_MADE_OF = ("config.json", "adapter_config.json")
"""One of these stands in every folder that transformers or peft saved."""
_TRAINING = "training.json"
"""What `smoltalk train` writes of a training, from its first step on."""
_SUFFIXES = (".safetensors", ".json", ".jinja", ".txt", ".model", ".html", ".tiktoken")
"""Of what is pushed. Pickles are not, nor are checkpoints: they lie in folders of their own."""
_NANO = Path(__file__).parent.parent / "nano" / "model"
_TEXTS = (".json", ".jinja", ".txt", ".html")
_MOST_TEXT = 50_000_000
"""Bytes; a larger text is a vocabulary."""


def is_model(folder: Path) -> bool:
    """Whether this is a model's folder, not a run's; one whose training has not come to a model as well."""
    return not (folder / "run.db").exists() and any((folder / name).is_file() for name in (*_MADE_OF, _TRAINING))


def model_release(folder: Path, allowed: Collection[str]) -> Release:
    """What is pushed of a model's folder.

    Raises `UserError` where it is unfinished, has no card, or a file holds what looks like a secret; `OSError`.
    """
    if problems := list(_refusals(folder)):
        raise UserError(problems)
    entries = tuple(entry(path.name, path) for path in _files(folder))
    card = (folder / README).read_text(encoding="utf-8")
    if "secrets" not in allowed and (found := list(_secrets(entries, card))):
        raise UserError(found)
    return Release("model", "model", entries, card, {}, (), ())


def copied(release: Release, to: Path) -> None:
    """The files that would be pushed, in a folder. Raises `OSError`."""
    to.mkdir(parents=True, exist_ok=True)
    for one in release.entries:
        shutil.copy2(one.here, to / one.path)
    (to / README).write_text(release.card, encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir()
        if path.is_file() and path.suffix in _SUFFIXES and not path.name.startswith(".")
    )  # fmt: skip


def _refusals(folder: Path) -> Iterator[Problem]:
    where = str(folder)
    if (training := _said(folder / _TRAINING)).get("state") == "running":
        go_on = training.get("command")
        hint = f"go on with: {go_on}" if go_on else "go on with the `smoltalk train` that began it"
        yield Problem(where, 0, f"is a training that is not finished: {_stopped(folder)}", hint)
        return
    if not any(folder.glob("*.safetensors")):
        yield Problem(where, 0, "holds no weights: there is no *.safetensors", "pickled weights are not pushed")
    if not (folder / README).is_file():
        yield Problem(where, 0, f"has no card: there is no {README}", "`smoltalk train` writes one; or write your own")
    if base := _own_base(folder):
        hint = f"make it a whole model: smoltalk train merge {where} --out {where}_merged"
        what = "the model in this package" if base == "nano" else "a folder of this machine"
        yield Problem(where, 0, f"is an adapter of `{base}`, {what}", hint)


def _own_base(folder: Path) -> str:
    """The folder of the model that an adapter belongs to; empty for one on the Hub, and for whole models."""
    base = str(_said(folder / "adapter_config.json").get("base_model_name_or_path") or "")
    if not base or (folder / "config.json").is_file():
        return ""
    if Path(base).resolve() == _NANO:
        return "nano"
    local = base.startswith((".", "/", "~")) or base.count("/") > 1 or Path(base).exists()
    return shown_path(Path(base)) if local else ""


def _stopped(folder: Path) -> str:
    """How far an unfinished training has come, by its checkpoints."""
    names = (path.parent.name.removeprefix("checkpoint-") for path in folder.glob("checkpoint-*/trainer_state.json"))
    steps = [int(name) for name in names if name.isdecimal()]
    return f"its last checkpoint is of step {max(steps):,}" if steps else "it has no checkpoint yet"


def _said(file: Path) -> dict[str, Any]:
    """A JSON file; {} where there is none."""
    import orjson

    try:
        told = orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _secrets(entries: tuple[Entry, ...], card: str) -> Iterator[Problem]:
    secrets = Secrets(own_secrets())
    texts = [(one.path, one.here) for one in entries if one.here.suffix in _TEXTS and one.size <= _MOST_TEXT]
    for name, text in [(README, card), *((name, here.read_text("utf-8", "replace")) for name, here in texts)]:
        for kind in dict.fromkeys(secrets.in_text(text)):
            yield Problem(name, 0, f"holds what looks like {kind}", "take it out, or say `--allow secrets`")
