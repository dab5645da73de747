"""`training.json`: what a model was trained on, with which recipe, and what came of it; also whether it is finished."""

import hashlib
import os
from collections.abc import Mapping
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from smoltalk import __version__
from smoltalk.errors import Problem, UserError
from smoltalk.redaction import redact_setting, shown_path
from smoltalk.run import database
from smoltalk.run.ledger import read_books
from smoltalk.train.checks import Checked
from smoltalk.train.loading import Rows
from smoltalk.train.recipe import BATCH, Recipe

FILE = "training.json"
_FREE = frozenset({
    "output_dir", "logging_steps", "logging_strategy", "logging_first_step", "log_level", "report_to", "run_name",
    "project", "trackio_space_id", "save_steps", "save_strategy", "save_total_limit", "disable_tqdm", "push_to_hub",
    "hub_model_id", "hub_strategy", "hub_private_repo", "hub_token", "dataset_num_proc", "dataloader_num_workers",
    "resume_from_checkpoint", "eval_strategy", "eval_steps", "per_device_eval_batch_size", "gradient_checkpointing",
    "samples", "data", "per_device_train_batch_size", "gradient_accumulation_steps", "precompute_ref_log_probs",
})  # fmt: skip
"""Keys that change how training is watched and paid for, not what is learned: they may change on the way. Of the rows,
`identity` tells, and of what goes into a step, `batch`."""
_CHECKPOINT = "checkpoint-"
_NO_SECRETS = ("eos_token", "pad_token")
_PACKAGES = ("torch", "transformers", "trl", "datasets", "accelerate", "peft")

Results = dict[str, Any]


def begun(recipe: Recipe, rows: Rows, checked: Checked) -> Results:
    """Before the first step."""
    return {
        "state": "running",
        "kind": recipe.kind,
        "name": recipe.out.resolve().name or recipe.name,
        "model": _shown(str(recipe.given["model_name_or_path"])),
        "from_scratch": recipe.ours.from_scratch,
        "recipe": _told(recipe),
        "data": {
            "origin": _shown(rows.origin),
            "books": _books(recipe.ours.data.run if recipe.ours.data is not None else None),
            "hub": _on_hub(recipe),
            "licence": rows.licence,
            "identity": _identity(recipe, rows),
            "rows": checked.rows,
            "held_out": checked.held_out,
            "tokens": checked.tokens,
            "learned": checked.learned,
            "longest": checked.longest,
            "max_length": checked.max_length,
            "cut": checked.cut,
            "left_out": checked.left_out,
            "mended": rows.mended,
            "lengths": checked.lengths if len(checked.lengths) <= 200_000 else checked.lengths[:200_000],
        },
        "remarks": checked.remarks(),
        "processes": processes(),
        "before": {},
        "after": {},
        "history": [],
        "samples": [],
        "versions": {"smoltalk": __version__, **{name: found for name in _PACKAGES if (found := _version(name))}},
    }


def read(out: Path) -> Results | None:
    """What an earlier call wrote; None where none did."""
    try:
        found: Results = orjson.loads((out / FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def write(results: Results, out: Path) -> None:
    """Whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    new = out / f".{FILE}.new"
    new.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")
    new.replace(out / FILE)


def usable(recipe: Recipe) -> Results | None:
    """What an earlier call left in the recipe's folder. Raises `UserError` where something else lies there, or another
    recipe was trained."""
    out = recipe.out
    earlier = read(out)
    if earlier is None:
        if out.is_file():
            raise _elsewhere(f"{out} is a file, not a folder")
        if out.is_dir() and any(out.iterdir()) and {one.name for one in out.iterdir()} - {"rows"}:
            raise _elsewhere(f"{out} is not empty and holds no training of ours")
        return None
    was, now = earlier["recipe"], _told(recipe)
    other = sorted(name for name in was.keys() | now.keys() if name not in _FREE and was.get(name) != now.get(name))
    if earlier["state"] == "complete" and "data" in was and was["data"] != now.get("data"):
        other.append("data")
    ratio = (earlier.get("processes", 1), processes()) if earlier["state"] == "running" else (1, 1)
    if rows_a_step(was) * ratio[0] != rows_a_step(now) * ratio[1]:
        other.append("per_device_train_batch_size")
    if earlier["kind"] != recipe.kind:
        other.insert(0, "kind")
    if earlier["from_scratch"] != recipe.ours.from_scratch:
        other.append("from_scratch")
    if other and earlier["state"] == "running" and last_checkpoint(out) is None:
        return None  # nothing is lost: begun, and without a checkpoint
    if other:
        said = ", ".join(f"`{name}`" for name in other[:6])
        raise _elsewhere(f"{out} holds a training with another {said}")
    return earlier


def last_checkpoint(out: Path) -> Path | None:
    """The last one that is whole: TRL writes the state of its trainer when all else is on disk."""
    there = {int(one.name.removeprefix(_CHECKPOINT)): one for one in out.glob(f"{_CHECKPOINT}[0-9]*")}
    return next((there[step] for step in sorted(there, reverse=True) if _is_whole(there[step])), None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        return bool(orjson.loads((checkpoint / "trainer_state.json").read_bytes()))
    except (OSError, ValueError):
        return False


def processes() -> int:
    """How many train together, as accelerate and torchrun say."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rows_a_step(recipe: Mapping[str, Any]) -> int:
    """Rows that one process learns from in a step."""
    batch: int = recipe.get("per_device_train_batch_size", BATCH) * recipe.get("gradient_accumulation_steps", 1)
    return batch


def same_rows(earlier: Mapping[str, Any], results: Mapping[str, Any], out: Path) -> None:
    """Raises `UserError` where a training would go on with other rows than it began with."""
    if earlier["data"]["identity"] != results["data"]["identity"]:
        raise _elsewhere(f"the rows have changed since the training in {out} was begun")


def _elsewhere(sentence: str) -> UserError:
    return UserError([Problem("--out", 0, sentence, "name a new folder: --out FOLDER")])


def _books(run: str | None) -> Results | None:
    """Where the rows of the run ended, those that were turned away among them."""
    if run is None or not (Path(run) / "run.db").is_file():
        return None
    with closing(database.connect(Path(run) / "run.db")) as connection:
        books, pipeline = read_books(connection), database.get_meta(connection, "text", "")
    counts = {"born": books.born, "accepted": books.accepted, "rejected": books.rejected, "failed": books.failed}
    reasons = [list(one) for one in books.reasons if one[0] != "accepted"]
    return {
        "run": Path(run).name, "pipeline": pipeline, "state": books.state, "counts": counts, "reasons": reasons,
    }  # fmt: skip


def _identity(recipe: Recipe, rows: Rows) -> str:
    """Is another where other rows are trained on: those of the source, and what `data:` takes of them."""
    data = recipe.ours.data
    taken = {} if data is None else data.model_dump(mode="json", exclude={"run", "files", "columns", "where"})
    return hashlib.blake2b(orjson.dumps([rows.identity, taken], default=str), digest_size=8).hexdigest()


def _on_hub(recipe: Recipe) -> list[str]:
    """The datasets on the Hub that the recipe names."""
    if recipe.ours.data is not None:
        return [recipe.ours.data.hub] if recipe.ours.data.hub else []
    named = [recipe.given.get("dataset_name"), *(one.get("path") for one in recipe.given.get("datasets") or ())]
    on_hub = [str(one) for one in named if one and str(one).count("/") == 1 and not Path(str(one)).exists()]
    return list(dict.fromkeys(on_hub))


def _told(recipe: Recipe) -> Results:
    """The recipe without secrets, and without what is one machine's business."""
    told = {name: _unsecret(name, value) for name, value in recipe.given.items() if name != "output_dir"}
    if recipe.ours.data is None:
        return told
    return {**told, "data": _unsecret("data", recipe.ours.data.model_dump(mode="json", exclude_unset=True))}


def _shown(origin: str) -> str:
    """Where rows are from, without what stands above the working directory."""
    return shown_path(Path(origin)) if Path(origin).is_absolute() else origin


def _unsecret(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unsecret(str(key), one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unsecret(name, one) for one in value]
    if not isinstance(value, str) or name in _NO_SECRETS:
        return value
    return _shown(value) if Path(value).is_absolute() else redact_setting(name, value)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
