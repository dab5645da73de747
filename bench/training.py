"""What `smoltalk train` costs beside a bare script of TRL: `python -m bench.training train|look RECIPE FOLDER STEPS`.

Both train nano from random weights by recipes/nano_sft.yaml on the same rows in the same order, one thread each, and
take turns; figures are of CPU time, so that a busy machine does not count. A second measurement looks at rows as it is
done before a model is loaded.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bench.measured import ROOT, measured, report, scratch
from bench.result import Result, compared

RECIPE = ROOT / "recipes" / "nano_sft.yaml"
ROWS, HELD_OUT, STEPS, ROUNDS = 1_500, 100, 60, 2
FEW, MANY = 10_000, 100_000
"""Rows that are looked at."""
_TRL = "TRL's SFTTrainer in a bare script"


def results(quick: bool) -> Iterator[Result]:
    """Steps, the whole command and memory against TRL's own trainer; the checks against their size and TRL's work."""
    if lacks := [name for name in ("torch", "trl") if find_spec(name) is None]:
        print(f"training: left out, for want of {' and '.join(lacks)} (the extra `train`)", file=sys.stderr)
        return
    rows, held_out, steps, rounds = (40, 8, 2, 1) if quick else (ROWS, HELD_OUT, STEPS, ROUNDS)
    with scratch() as folder:
        yield from _beside_trl(folder, rows, held_out, steps, rounds)
        yield from _looking(folder, *((100, 200) if quick else (FEW, MANY)))


def _beside_trl(folder: Path, rows: int, held_out: int, steps: int, rounds: int) -> Iterator[Result]:
    recipe = _recipe(folder, rows, held_out)
    written = measured("training", "rows", recipe, folder, 0, folder=folder)
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    for number in range(rounds):
        ours.append(measured("training", "train", recipe, folder / f"ours{number}", steps, folder=folder))
        out = folder / f"theirs{number}"
        theirs.append(measured("trainer_bare", recipe, folder / "train.jsonl", folder / "test.jsonl", out, steps,
                               folder=folder))  # fmt: skip
    batch = yaml.safe_load(recipe.read_text(encoding="utf-8"))["per_device_train_batch_size"]
    best, rival = ({name: min(one[name] for one in some) for name in some[0]} for some in (ours, theirs))
    tokens = written["tokens"] * steps * batch / written["rows"]
    name = f"SFT of nano, {steps} steps and what is measured on the way"
    yield compared(name, tokens / best["steps"], "tokens/CPU-s", _TRL, tokens / rival["steps"])
    name = f"the whole command, {steps} steps, page, card, figures and answers before and after"
    yield compared(name, best["whole"], "CPU-s", f"{_TRL}, without these", rival["whole"])
    yield compared("peak memory of it", best["peak_mb"], "MB", _TRL, rival["peak_mb"])


def _looking(folder: Path, few: int, many: int) -> Iterator[Result]:
    seen = {}
    for size in (few, many):
        place = folder / f"look{size}"
        place.mkdir()
        seen[size] = measured("training", "look", _recipe(place, size, 10), place, 0, folder=folder)
    place = folder / f"look{few}"
    recipe = place / "recipe.yaml"
    measured("training", "rows", recipe, place, 0, folder=folder)
    theirs = measured("trainer_bare", recipe, place / "train.jsonl", place / "test.jsonl", place / "out", 0,
                      folder=folder)  # fmt: skip
    name, a_row = "looking at a row before a model is loaded", {size: 1e6 * seen[size]["look"] / size for size in seen}
    yield compared(
        f"{name}, {few:,} rows", a_row[few], "CPU-µs", "TRL's own work on it", 1e6 * theirs["prepared"] / few
    )
    yield compared(f"{name}, {many:,} rows", a_row[many], "CPU-µs", f"{few:,} rows", a_row[few])
    name = f"peak memory of looking at {many:,} rows"
    yield compared(name, seen[many]["peak_mb"], "MB", f"{few:,} rows", seen[few]["peak_mb"])


def _recipe(folder: Path, rows: int, held_out: int) -> Path:
    """The shipped recipe on rows of nano's curriculum, which are the same in every process."""
    from smoltalk.nano.curriculum import draw

    rng, path = Random(7), folder / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            item = draw(rng)
            turns = [{"role": "user", "content": item.query}, {"role": "assistant", "content": item.answer}]
            file.write(json.dumps({"id": str(number), "messages": turns}) + "\n")
    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    recipe["data"] = {"files": str(path), "held_out": held_out}
    told = folder / "recipe.yaml"
    told.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return told


def train(recipe: Path, out: Path, steps: int) -> None:
    """`smoltalk train sft`, whole; reports CPU seconds of TRL's `train`, and of the process."""
    from transformers import Trainer

    from smoltalk.cli import main

    seconds, plain = [], Trainer.train

    def timed(trainer: Any, *words: Any, **named: Any) -> Any:
        began = time.process_time()
        found = plain(trainer, *words, **named)
        seconds.append(time.process_time() - began)
        return found

    setattr(Trainer, "train", timed)  # noqa: B010
    told = ["train", "sft", str(recipe), "--set", f"max_steps={steps}", "--out", str(out)]
    assert main(told) == 0, "training failed"
    report(steps=seconds[0], whole=time.process_time())


def look(recipe: Path, folder: Path, steps: int) -> None:
    """What `--check` does; reports CPU seconds of reading the rows and looking at each, imports apart."""
    _looked(recipe, folder / "warm", 50)
    began = time.process_time()
    _looked(recipe, folder / "rows", None)
    report(look=time.process_time() - began)


def rows(recipe: Path, folder: Path, steps: int) -> None:
    """Writes the rows that are trained on, and those held out, for the rival; reports rows and tokens."""
    looked = _looked(recipe, folder / "rows", None)
    for name, some in (("train", looked.rows.train), ("test", looked.rows.test)):
        some.select_columns(["messages"]).to_json(str(folder / f"{name}.jsonl"))
    report(rows=looked.checked.rows, tokens=looked.checked.tokens)


def _looked(recipe: Path, folder: Path, most: int | None) -> Any:
    from smoltalk.train.recipe import read
    from smoltalk.train.session import look

    sets = {} if most is None else {"data.rows": str(most)}
    return look(read("sft", recipe, sets, folder / "model"), folder, lambda line: None)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    {"train": train, "look": look, "rows": rows}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
