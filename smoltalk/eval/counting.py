"""From marks to figures: each metric's estimate, whole and by group, and the differences between models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from smoltalk.eval.intervals import Estimate, difference, estimate, holm
from smoltalk.eval.results import Duel, Score, Versus
from smoltalk.eval.task import Mark, Metric, Task

Marks = Mapping[tuple[str, str], Sequence[Mark]]
"""By (task, model)."""
MOST_GROUPS = 30


def scores(tasks: Mapping[str, Task], marks: Marks) -> Iterator[Score]:
    """Figures of every model on every metric; by group only for the first metric."""
    for (task, model), some in marks.items():
        metrics = tasks[task].metrics
        for metric in metrics:
            if found := estimate(points(some, metric.name)):
                yield _score(model, task, metric, "", found)
        groups = list(dict.fromkeys(mark.group for mark in some if mark.group))
        for group in sorted(groups) if 1 < len(groups) <= MOST_GROUPS else ():
            within = [mark for mark in some if mark.group == group]
            if found := estimate(points(within, metrics[0].name)):
                yield _score(model, task, metrics[0], group, found)


def versus(tasks: Mapping[str, Task], marks: Marks, against: str) -> list[Versus]:
    """Every other model less `against`; p-values of first metrics are adjusted for how many of them there are."""
    found = []
    for (task, model), some in marks.items():
        if model == against or (task, against) not in marks:
            continue
        other = {mark.item: mark for mark in marks[task, against]}
        both = [mark for mark in some if mark.item in other]
        for metric in tasks[task].metrics:
            theirs = points([other[mark.item] for mark in both], metric.name)
            if differs := difference(points(both, metric.name), theirs):
                one = Versus(model, against, task, metric.name, metric.unit, metric.lower, differs, differs.p)
                found.append(one)
    first = [one for one in found if one.metric == tasks[one.task].metrics[0].name]
    adjusted = dict(zip(map(id, first), holm([one.difference.p for one in first]), strict=True))
    return [replace(one, adjusted=adjusted.get(id(one), one.difference.p)) for one in found]


def duels(task: str, of: Task, model: str, against: str, marks: Sequence[Mark]) -> Iterator[Duel]:
    """What a judge's verdicts come to."""
    for metric in of.duels:
        of_items = points(marks, metric.name)
        found = estimate(of_items)
        if found is None:
            continue
        p = None
        if metric.name.endswith("win rate") and (test := difference(of_items, [(n / 2, n) for _, n in of_items])):
            p = test.p
        found = replace(found, low=max(0.0, found.low), high=min(1.0, found.high))
        yield Duel(model, against, task, metric.name, found, p)


def points(marks: Sequence[Mark], metric: str) -> list[tuple[float, float]]:
    """A metric's points, item by item."""
    return [mark.points.get(metric, (0.0, 0.0)) for mark in marks]


def _score(model: str, task: str, metric: Metric, group: str, found: Estimate) -> Score:
    return Score(model, task, metric.name, metric.unit, metric.lower, group, found)
