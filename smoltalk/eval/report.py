"""The page of an evaluation, from what lies in its folder."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from smoltalk.eval.curves import training
from smoltalk.eval.page import page
from smoltalk.eval.page_parts import write
from smoltalk.eval.results import Results
from smoltalk.eval.subject import Model
from smoltalk.eval.task import Mark
from smoltalk.reporting.apart import apart


def write_report(folder: Path, results: Results, models: Sequence[Model]) -> None:
    """Write `report.html` beside the results. Raises `OSError`."""
    _write(folder, results, [(model.name, model.weights) for model in models])


def draw_report(folder: Path, models: Sequence[Model]) -> str:
    """The same of the results that lie in the folder, by a process of its own: this one may hold a model. Why it could
    not be drawn: empty where it was."""
    return apart(__name__, str(folder), json.dumps([(model.name, model.weights) for model in models]))


def _write(folder: Path, results: Results, named: Sequence[tuple[str, str | None]]) -> None:
    found = [training(name, weights) for name, weights in named]
    write(page(results, read_marks(folder / "items.jsonl"), [one for one in found if one]), folder / "report.html")


def read_marks(path: Path) -> dict[tuple[str, str], list[Mark]]:
    """Every item's mark, by (task, model). Raises `OSError`."""
    marks: dict[tuple[str, str], list[Mark]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            key = one.pop("task"), one.pop("model")
            one["points"] = {name: tuple(points) for name, points in one["points"].items()}
            marks.setdefault(key, []).append(Mark(**{**one, "said": tuple(one["said"])}))
    return marks


if __name__ == "__main__":
    _write(Path(sys.argv[1]), Results.read(Path(sys.argv[1]) / "results.json"), json.loads(sys.argv[2]))
