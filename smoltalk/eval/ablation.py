"""What did each part of a mixture buy? A model is trained on the whole and on the whole less one part, and compared.

    found = ablate(plan, tell)

All trainings have the same seeds and as many steps as the whole takes, so that what differs is the rows. A part's
worth is the whole's figure less the figure without it, item by item on the same items, those of all seeds together.
Everything is kept under the plan's folder: mixtures, models, answers. The next call goes on where one was stopped.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.eval import counting
from smoltalk.eval.intervals import Difference, Estimate, difference, estimate, holm
from smoltalk.eval.naming import model_of
from smoltalk.eval.report import draw_report, read_marks
from smoltalk.eval.results import Results
from smoltalk.eval.session import evaluate, look_at
from smoltalk.eval.subject import Model
from smoltalk.eval.task import Mark, Metric, Task
from smoltalk.eval.variants import WHOLE, Variant, opened
from smoltalk.whole_file import write_whole

Tell = Callable[[str], None]
Trainer = Callable[[Path, Path, int, int | None, Tell], int]
"""Trains on the mixture in a folder, into another, with a seed, for so many steps (None: as its recipe says); returns
the steps it took. Called again for a folder that is finished, it says so at once."""

Look = Callable[[Path, Sequence[Path], Tell], None]
"""Looks at the mixture in a folder before models are trained on it into others. Raises `UserError` for one that cannot
be trained on."""


def _unseen(mixture: Path, models: Sequence[Path], tell: Tell) -> None:
    """Nothing is looked at."""


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    variants: Sequence[Variant]
    tasks: Callable[[Path], Mapping[str, Task]]
    """The tasks, given the whole mixture's folder: its `test` split may be what models are tested on."""
    trainer: Trainer
    seeds: Sequence[int]
    folder: Path
    beside: Path
    """Where the mixture's own file lies."""
    look: Look = _unseen

    def model(self, variant: Variant, seed: int) -> Path:
        """Where a model lies."""
        return self.folder / variant.name / f"seed-{seed}" / "model"


@dataclass(frozen=True, slots=True)
class Bought:
    """What a part of the mixture did to one metric."""

    left_out: str
    kind: Literal["whole", "source", "gate"]
    task: str
    metric: str
    unit: str
    lower: bool | None
    group: str
    """"" for all items."""
    without: Estimate
    whole: Estimate
    bought: Difference
    """The whole less what is without it, turned so that more is better."""
    adjusted: float
    """The p-value among all headline comparisons (Holm)."""
    by_seed: tuple[float, ...]
    """The same for each seed alone: how much of it may be the training's own luck."""


@dataclass(slots=True)
class Found:
    """All of it."""

    bought: list[Bought] = field(default_factory=list)
    wholes: dict[str, Estimate] = field(default_factory=dict)
    """`task: metric` of the whole mixture, all seeds together."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows each variant was trained on."""
    steps: int = 0
    seeds: tuple[int, ...] = ()

    def write(self, path: Path) -> None:
        """As JSON. Raises `OSError`."""
        write_whole(path, json.dumps(asdict(self), indent=1) + "\n")


def ablate(plan: Plan, tell: Tell) -> Found:
    """Do all of it, or what is left. Raises `UserError`, `WorldError` and what the trainer raises."""
    found = Found(seeds=tuple(plan.seeds))
    mixtures: dict[str, Path] = {}
    for variant in plan.variants:  # all mixtures first: what is wrong with one should not cost a training
        mixtures[variant.name], found.rows[variant.name] = _mixed(variant, plan, tell)
    tasks, steps = plan.tasks(mixtures[WHOLE]), None
    look_at(tasks)
    for variant in plan.variants:  # and all rows: what cannot be trained on should not cost the other trainings
        models = [plan.model(variant, seed) for seed in plan.seeds]
        with _of(variant.name, plan.folder):
            plan.look(mixtures[variant.name], models, _named(tell, variant.name))
    marks: dict[str, list[dict[str, list[Mark]]]] = {}
    for variant in plan.variants:
        for seed in plan.seeds:
            model, label = plan.model(variant, seed), f"{variant.name}, seed {seed}"
            with _of(label, plan.folder):
                took = plan.trainer(mixtures[variant.name], model, seed, steps, _named(tell, label))
            steps = took if steps is None else steps
            marks.setdefault(variant.name, []).append(_evaluated(model.parent, label, tasks, tell))
    found.steps = steps or 0
    found.wholes = dict(_wholes(tasks, marks[WHOLE]))
    found.bought = _compared(plan.variants, tasks, marks)
    found.write(plan.folder / "ablation.json")
    return found


@contextmanager
def _of(label: str, folder: Path) -> Iterator[None]:
    """Mistakes say which of the models they are of, and what is kept."""
    try:
        yield
    except UserError as error:
        kept = f"what is finished in {folder} is kept"
        raise UserError(
            Problem(p.path, p.line, f"{label}: {p.sentence}", f"{p.hint}; {kept}" if p.hint else kept)
            for p in error.problems
        ) from error
    except WorldError as error:
        raise WorldError(f"{label}: {error.sentence}", error.kept, error.command) from error


def _named(tell: Tell, label: str) -> Tell:
    return lambda line: tell(f"{label}: {line}")


def _mixed(variant: Variant, plan: Plan, tell: Tell) -> tuple[Path, int]:
    from smoltalk.mixing.session import mix
    from smoltalk.run.folder import RunFolder

    pipeline = opened(variant, plan.folder / variant.name, plan.beside)
    folder = RunFolder(plan.folder / variant.name / "mix")
    result = mix(pipeline, folder, lambda progress: tell(f"{variant.name}: {progress.stage} {progress.source}"))
    if result.books.state != "complete":
        raise WorldError(f"the mixture {variant.name} is not whole: {result.books.why}", command=result.command)
    return folder.path, result.splits.get("train", sum(result.splits.values()))


def _evaluated(place: Path, label: str, tasks: Mapping[str, Task], tell: Tell) -> dict[str, list[Mark]]:
    """Each task's marks, from an earlier call where it had the same tasks."""
    folder = place / "eval"
    asked = {name: task.identity() for name, task in tasks.items()}
    if not _is_done(folder, asked):
        given = model_of(str(place / "model"))
        model = Model(label, given.engine, given.weights, given.given)
        evaluate([model], tasks, folder, lambda _, task, done, of: tell(f"{label}: {task} {done:,} of {of:,}"))
        draw_report(folder, [model])  # one that cannot be drawn is in the figures all the same
    return {task: marks for (task, _), marks in read_marks(folder / "items.jsonl").items()}


def _is_done(folder: Path, asked: Mapping[str, Any]) -> bool:
    try:
        return Results.read(folder / "results.json").tasks == asked and (folder / "items.jsonl").is_file()
    except UserError:
        return False


def _wholes(tasks: Mapping[str, Task], seeds: Sequence[Mapping[str, list[Mark]]]) -> "list[tuple[str, Estimate]]":
    found = []
    for name, task in tasks.items():
        for metric in task.metrics:
            pooled = _pooled([seed[name] for seed in seeds], metric)
            if one := estimate([pooled[item] for item in pooled], share=metric.is_share):
                found.append((f"{name}: {metric.name}", one))
    return found


def _pooled(seeds: Sequence[Sequence[Mark]], metric: Metric) -> dict[str, tuple[float, float]]:
    """Points of each item over all seeds: an item is drawn with all that its seeds made of it."""
    pooled: dict[str, tuple[float, float]] = {}
    for marks in seeds:
        for mark, (points, of) in zip(marks, counting.points(marks, metric.name), strict=True):
            had = pooled.get(mark.item, (0.0, 0.0))
            pooled[mark.item] = had[0] + points, had[1] + of
    return pooled


def _compared(
    variants: Sequence[Variant], tasks: Mapping[str, Task], marks: Mapping[str, Sequence[Mapping[str, list[Mark]]]]
) -> list[Bought]:
    from dataclasses import replace

    found: list[Bought] = []
    for variant in variants:
        if variant.kind == "whole":
            continue
        for name, task in tasks.items():
            whole, without = ([seed[name] for seed in marks[one]] for one in (WHOLE, variant.name))
            for metric in task.metrics:
                found += _bought(variant, name, metric, "", whole, without)
            groups = sorted({mark.group for mark in whole[0] if mark.group})
            for group in groups if 1 < len(groups) <= counting.MOST_GROUPS else ():
                within = [
                    [[mark for mark in some if mark.group == group] for some in side] for side in (whole, without)
                ]
                found += _bought(variant, name, task.metrics[0], group, *within)
    first = [
        place for place, one in enumerate(found) if one.metric == tasks[one.task].metrics[0].name and not one.group
    ]
    for place, p in zip(first, holm([found[place].bought.p for place in first]), strict=True):
        found[place] = replace(found[place], adjusted=p)
    return found


def _bought(
    variant: Variant,
    task: str,
    metric: Metric,
    group: str,
    whole: Sequence[Sequence[Mark]],
    without: Sequence[Sequence[Mark]],
) -> list[Bought]:
    ours, theirs = _pooled(whole, metric), _pooled(without, metric)
    items = [item for item in ours if item in theirs and ours[item][1] > 0 and theirs[item][1] > 0]
    a, b = [ours[item] for item in items], [theirs[item] for item in items]
    share = metric.is_share
    bought = difference(b, a, share=share) if metric.lower else difference(a, b, share=share)
    one, other = estimate(a, share=share), estimate(b, share=share)
    if bought is None or one is None or other is None:
        return []
    seeds = []
    for mine, yours in zip(whole, without, strict=True):
        pair = [estimate(counting.points(some, metric.name)) for some in (mine, yours)]
        if pair[0] and pair[1]:
            seeds.append((pair[0].value - pair[1].value) * (-1 if metric.lower else 1))
    return [
        Bought(
            variant.left_out, variant.kind, task, metric.name, metric.unit, metric.lower, group, other, one, bought,
            bought.p, tuple(seeds),
        )
    ]  # fmt: skip
