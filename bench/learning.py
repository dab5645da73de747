"""Does the data help? nano from random weights on a factory run, DPO on its pairs, and a source that is planted noise.

Every stage is the command that a user gives, in an empty folder: `smoltalk run`, `mix`, `train`, `eval`, `ablate`. What
is held out is the `test` split of a mixture of the run; no training sees a row of it, nor a question twice. Figures
hardly depend on how busy the machine is. The curves are kept in `learning.json`, for docs/learning.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bench.measured import ROOT, scratch
from bench.result import Result, compared

CURVES = Path(__file__).resolve().parent / "learning.json"
SEEDS, EPOCHS = 3, 2
"""Of the ablation: trainings of each mixture, and how often each sees its rows."""
NANO = ROOT / "smoltalk" / "nano" / "model"
MIXTURE = (
    "name: {name}\nmakes: {makes}\nmix: {{sources: {{all: {{run: {run}}}}}, splits: {{train: {part}, test: {rest}}}}}\n"
)
PLANTED = "name: planted\nmix: {sources: {useful: {files: useful.jsonl}, noise: {files: noise.jsonl}}}\n"
HELD_OUT = "loss: {data: runs/questions, split: test, device: cpu}"
_DOMAINS = "domains: [geography, science, language, editing, math]"
"""Those that the run asks for."""


def results(quick: bool) -> Iterator[Result]:
    """What was learned, each figure beside what it was before or what chance gives."""
    if lacks := [name for name in ("torch", "trl") if find_spec(name) is None]:
        print(f"learning: left out, for want of {' and '.join(lacks)} (the extra `train`)", file=sys.stderr)
        return
    curves: dict[str, Any] = {}
    with scratch() as folder:
        yield from _sft(folder, quick, curves)
        yield from _dpo(folder, quick, curves)
        yield from _ablation(folder, quick, curves)
    if not quick:
        CURVES.write_text(json.dumps(curves) + "\n", encoding="utf-8")


def smoltalk(folder: Path, *words: str) -> None:
    """One command in `folder`. Raises `RuntimeError` with what it said."""
    print(f"  smoltalk {' '.join(words)}", file=sys.stderr)
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-m", "smoltalk", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ | quiet, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")


def _split(folder: Path, name: str, makes: str, run: str, part: float) -> None:
    """The mixture of one run that holds some of its rows back."""
    text = MIXTURE.format(name=name, makes=makes, run=run, part=part, rest=round(1 - part, 2))
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    smoltalk(folder, "mix", f"{name}.yaml")


def _sets(**given: object) -> list[str]:
    return [word for name, value in given.items() for word in ("--set", f"{name}={value}")]


def _asked(quick: bool, *known: str) -> str:
    """Questions that none of these mixtures' rows asks."""
    return f"curriculum: {{rows: {10 if quick else 500}, not_in: [{', '.join(known)}], {_DOMAINS}}}"


def _sft(folder: Path, quick: bool, curves: dict[str, Any]) -> Iterator[Result]:
    questions = ["run", str(ROOT / "pipelines" / "nano_questions.yaml"), "--out", "runs/nano-questions"]
    smoltalk(folder, *questions, *(["--rows", "60"] if quick else []))
    _split(folder, "questions", "sft", "runs/nano-questions", 0.93)
    train = ["train", "sft", str(ROOT / "recipes" / "nano_sft.yaml"), *_sets(data="{run: runs/questions}")]
    smoltalk(folder, *train, *_sets(**({"max_steps": 2} if quick else {})), "--out", "models/sft")
    still = _sets(learning_rate=0, max_steps=1, eval_strategy='"no"')
    smoltalk(folder, *train, *still, "--out", "models/random")
    asked = ["--tasks", HELD_OUT, "--tasks", f"said: {{exact: {{data: {held_out(folder)}, form: text}}}}"]
    models = ["random=models/random", "sft=models/sft", "nano"]
    smoltalk(folder, "eval", *models, *asked, "--tasks", _asked(quick, "runs/questions"), "--out", "evals/sft")
    path = folder / "evals" / "sft" / "results.json"
    found, said = scores(path), scores(path, "said")
    curve = curves["sft"] = history(folder / "models" / "sft" / "training.json", ("loss", "eval_loss"))
    name = f"SFT from random weights on {curve['rows']:,} rows"
    told = f"{name}: loss of {curve['held_out']:,} held-out rows"
    yield _beside(told, found["sft", "loss"], "nats a token", "before", found["random", "loss"])
    told = f"{name}: their questions answered in their very words"
    yield _beside(told, said["sft", "right"], "%", "before", said["random", "right"], 100)
    for rival, model in (("before", "random"), ("nano as it ships", "nano")):
        told = f"{name}: questions that no row asks, answered rightly, or {rival}"
        yield _beside(told, found["sft", "right"], "%", rival, found[model, "right"], 100)


def held_out(folder: Path) -> str:
    """The rows that no training sees, as questions with answers: a file's name."""
    import pyarrow.parquet as pq

    (path,) = (folder / "runs" / "questions" / "data").glob("test-*.parquet")
    talks = pq.read_table(path, columns=["messages"]).column("messages").to_pylist()
    rows = [{"question": talk[0]["content"], "answer": talk[-1]["content"]} for talk in talks]
    (folder / "held-out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return "held-out.jsonl"


def _dpo(folder: Path, quick: bool, curves: dict[str, Any]) -> Iterator[Result]:
    pipeline, recipe = str(ROOT / "pipelines" / "nano_pairs.yaml"), ROOT / "recipes" / "nano_dpo.yaml"
    smoltalk(folder, "run", pipeline, "--out", "runs/nano-pairs", *(["--rows", "24"] if quick else []))
    _split(folder, "pairs", "dpo", "runs/nano-pairs", 0.75)
    short = {"max_steps": 2} if quick else {}
    train = ["train", "dpo", str(recipe), *_sets(data="{run: runs/pairs}", **short)]
    smoltalk(folder, *train, "--out", "models/dpo")
    beta = yaml.safe_load(recipe.read_text(encoding="utf-8"))["beta"]
    pairs = f"preferences: {{data: runs/pairs, split: test, reference: {NANO}, beta: {beta}, device: cpu}}"
    asked = ["--tasks", pairs, "--tasks", _asked(quick, "runs/pairs")]
    smoltalk(folder, "eval", "nano", "dpo=models/dpo", *asked, "--out", "evals/dpo")
    found = scores(folder / "evals" / "dpo" / "results.json")
    names = ("rewards/accuracies", "eval_rewards/accuracies", "rewards/margins", "eval_rewards/margins")
    curve = curves["dpo"] = history(folder / "models" / "dpo" / "training.json", names)
    name = f"DPO of nano as it ships on {curve['rows']:,} pairs of its own"
    told = f"{name}: {curve['held_out']:,} held-out pairs in the right order"
    yield _beside(told, found["dpo", "accuracy"], "%", "chance", found["nano", "accuracy"], 100)
    yield _beside(f"{name}: their margin", found["dpo", "margin"], "of reward", "before", found["nano", "margin"])
    told = f"{name}: questions that no row asks, answered rightly"
    yield _beside(told, found["dpo", "right"], "%", "before", found["nano", "right"], 100)


def _ablation(folder: Path, quick: bool, curves: dict[str, Any]) -> Iterator[Result]:
    plant(folder)
    smoltalk(
        folder, "ablate", "planted.yaml", "--recipe", str(ROOT / "recipes" / "nano_sft.yaml"), "--tasks", HELD_OUT,
        "--seeds", str(1 if quick else SEEDS), "--train", "max_steps=2" if quick else f"num_train_epochs={EPOCHS}",
        "--train", "train_sampling_strategy=group_by_length",  # less padding: nine trainings take a while
    )  # fmt: skip
    found = json.loads((folder / "ablations" / "planted" / "ablation.json").read_text(encoding="utf-8"))
    kept = ("left_out", "bought", "by_seed")
    bought = [{name: one[name] for name in kept} for one in found["bought"] if one["metric"] == "loss"]
    curves["ablation"] = {name: found[name] for name in ("steps", "seeds", "rows")} | {"bought": bought}
    for one in sorted(curves["ablation"]["bought"], key=lambda one: -one["bought"]["value"]):
        name = f"what the planted {one['left_out']} source bought, {len(found['seeds'])} seeds"
        yield _beside(name, one["bought"], "nats less", "nothing", {"value": 0.0})


def plant(folder: Path) -> None:
    """Two sources of the run's rows: half of them as they are, and half with words of other answers in any order."""
    import pyarrow.parquet as pq

    (path,) = (folder / "runs" / "questions" / "data").glob("train-*.parquet")
    talks = pq.read_table(path, columns=["messages"]).column("messages").to_pylist()
    rng, half = Random(7), len(talks) // 2
    words = [word for talk in talks for word in talk[-1]["content"].split()]
    noise = [[*talk[:-1], _shuffled(talk[-1], words, rng)] for talk in talks[half : 2 * half]]
    for name, some in (("useful", talks[:half]), ("noise", noise)):
        lines = "".join(json.dumps({"messages": talk}) + "\n" for talk in some)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (folder / "planted.yaml").write_text(PLANTED, encoding="utf-8")


def _shuffled(turn: dict[str, str], words: list[str], rng: Random) -> dict[str, str]:
    return {"role": turn["role"], "content": " ".join(rng.choices(words, k=len(turn["content"].split())))}


def scores(path: Path, task: str = "") -> dict[tuple[str, str], dict[str, float]]:
    """Figures of all items in an evaluation's `results.json`: by (model, metric) `value`, `low`, `high`.

    Of one task, or of all but the one that is `said`, whose metrics have the names of another's.
    """
    found = json.loads(path.read_text(encoding="utf-8"))["scores"]
    mine = [one for one in found if not one["group"] and (one["task"] == task if task else one["task"] != "said")]
    return {(one["model"], one["metric"]): one["estimate"] for one in mine}


def history(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Curves of a `training.json`: by TRL's names [[step, value], ...], held-out ones from before the first step on."""
    told = json.loads(path.read_text(encoding="utf-8"))
    found: dict[str, Any] = {"rows": told["data"]["rows"], "held_out": told["data"]["held_out"], "steps": told["steps"]}
    for name in names:
        points = [[one["step"], round(one[name], 4)] for one in told["history"] if name in one]
        if name.startswith("eval_") and (first := told["before"].get(name.removeprefix("eval_"))) is not None:
            points = [[0, round(first, 4)], *(point for point in points if point[0])]
        found[name] = points
    return found


def _beside(
    name: str, one: Mapping[str, float], unit: str, rival: str, other: Mapping[str, float], by: float = 1
) -> Result:
    return compared(
        name, by * one["value"], unit, rival, by * other["value"], (by * one["low"], by * one["high"])
    )  # fmt: skip
