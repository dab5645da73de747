"""The model that stands for the real one in an ablation: a recipe of `smoltalk train`, trained on another mixture."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from smoltalk.errors import UserError
from smoltalk.eval.ablation import Look, Tell, Trainer

Kind = Literal["sft", "dpo", "reward"]


def trained_by(kind: Kind, recipe: Path, settings: Mapping[str, str], command: str) -> Trainer:
    """A trainer that follows a recipe in everything but its data, seed, steps and folder.

    `command` is what goes on after an interruption. Raises `UserError` at once for a recipe with mistakes.
    """
    from smoltalk.train.recipe import read

    _check(kind, recipe, {**settings, **_ours(Path("mixture"), 0)})

    def train(mixture: Path, out: Path, seed: int, steps: int | None, tell: Tell) -> int:
        from smoltalk.train.session import train as work

        given = {**settings, **_ours(mixture, seed)}
        if steps is not None:
            given["max_steps"] = str(steps)
        results, _ = work(read(kind, recipe, given, out), tell, lambda looked: None, command)
        return int(results["steps"])

    return train


def looked_at_by(kind: Kind, recipe: Path, settings: Mapping[str, str]) -> Look:
    """Looks at the rows of a mixture as a training of the recipe does before it loads a model."""
    from smoltalk.train.recipe import read
    from smoltalk.train.results import read as earlier

    def look(mixture: Path, models: Sequence[Path], tell: Tell) -> None:
        if all((earlier(one) or {}).get("state") == "complete" for one in models):
            return
        from smoltalk.train.session import look as work

        with tempfile.TemporaryDirectory(prefix="smoltalk-") as folder:
            work(read(kind, recipe, {**settings, **_ours(mixture, 0)}), Path(folder), tell)

    return look


def _ours(mixture: Path, seed: int) -> dict[str, str]:
    """What an ablation says in place of the recipe. All rows of the `train` split are learned: what a model is measured
    on is the tasks' business."""
    files = str(mixture / "data" / "train-*.parquet")
    return {
        "data": json.dumps({"files": files, "held_out": 0}), "samples": "0", "eval_strategy": '"no"',
        "seed": str(seed), "data_seed": str(seed),
    }  # fmt: skip


def _check(kind: Kind, recipe: Path, settings: Mapping[str, str]) -> None:
    """Every mistake of the recipe but that its rows are not there yet."""
    from smoltalk.train.recipe import read

    try:
        read(kind, recipe, settings, Path("model"))
    except UserError as error:
        if problems := [one for one in error.problems if not one.sentence.startswith("data:")]:
            raise UserError(problems) from None
