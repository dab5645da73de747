"""`training.json`: what a model was trained on, with which recipe, and what came of it; also whether it is finished."""

import hashlib
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
from smoltalk.train.recipe import Recipe

FILE = "training.json"
_FREE = frozenset({
    "output_dir", "logging_steps", "logging_strategy", "logging_first_step", "log_level", "report_to", "run_name",
    "project", "trackio_space_id", "save_steps", "save_strategy", "save_total_limit", "disable_tqdm", "push_to_hub",
    "hub_model_id", "hub_strategy", "hub_private_repo", "hub_token", "dataset_num_proc", "dataloader_num_workers",
    "resume_from_checkpoint", "eval_strategy", "eval_steps", "per_device_eval_batch_size", "gradient_checkpointing",
})  # fmt: skip
"""Keys that change how training is watched and paid for, not what is learned: they may change on the way."""
_PACKAGES = ("torch", "transformers", "trl", "datasets", "accelerate", "peft")

Results = dict[str, Any]


def begun(recipe: Recipe, rows: Rows, checked: Checked) -> Results:
    """Before the first step."""
    return {
        "state": "running",
        "kind": recipe.kind,
        "name": recipe.name,
        "model": recipe.given["model_name_or_path"],
        "from_scratch": recipe.ours.from_scratch,
        "recipe": _told(recipe),
        "data": {
            "origin": _shown(rows.origin),
            "books": _books(recipe.ours.data.run if recipe.ours.data is not None else None),
            "hub": recipe.ours.data.hub if recipe.ours.data is not None else None,
            "licence": rows.licence,
            "identity": hashlib.blake2b(orjson.dumps(rows.identity, default=str), digest_size=8).hexdigest(),
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
    if earlier["kind"] != recipe.kind:
        other.insert(0, "kind")
    if earlier["from_scratch"] != recipe.ours.from_scratch:
        other.append("from_scratch")
    if other:
        said = ", ".join(f"`{name}`" for name in other[:6])
        raise _elsewhere(f"{out} holds a training with another {said}")
    return earlier


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
        books = read_books(connection)
    counts = {"born": books.born, "accepted": books.accepted, "rejected": books.rejected, "failed": books.failed}
    reasons = [list(one) for one in books.reasons if one[0] != "accepted"]
    return {"run": Path(run).name, "state": books.state, "counts": counts, "reasons": reasons}


def _told(recipe: Recipe) -> Results:
    """TRL's keys without secrets, and without the folder: that is one machine's business."""
    return {name: _unsecret(name, value) for name, value in recipe.given.items() if name != "output_dir"}


def _shown(origin: str) -> str:
    """Where rows are from, without what stands above the working directory."""
    return shown_path(Path(origin)) if Path(origin).exists() else origin


def _unsecret(name: str, value: Any) -> Any:
    return redact_setting(name, value) if isinstance(value, str) else value


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
