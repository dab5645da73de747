"""From marks to figures: each metric's estimate, whole and by group, and the differences between models."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from smoltalk.eval.intervals import Estimate, difference, estimate, holm
from smoltalk.eval.results import Duel, LeftOut, Score, Versus
from smoltalk.eval.task import Mark, Metric, Task

Marks = Mapping[tuple[str, str], Sequence[Mark]]
"""By (task, model)."""
MOST_GROUPS = 30


def scores(tasks: Mapping[str, Task], marks: Marks) -> Iterator[Score]:
    """Figures of every model on every metric; by group only for the first metric."""
    for (task, model), some in marks.items():
        metrics = tasks[task].metrics
        for metric in metrics:
            if found := estimate(points(some, metric.name), share=metric.is_share):
                yield _score(model, task, metric, "", found)
        groups = list(dict.fromkeys(mark.group for mark in some if mark.group))
        for group in sorted(groups) if 1 < len(groups) <= MOST_GROUPS else ():
            within = [mark for mark in some if mark.group == group]
            if found := estimate(points(within, metrics[0].name), share=metrics[0].is_share):
                yield _score(model, task, metrics[0], group, found)


def left_out(marks: Marks) -> Iterator[LeftOut]:
    """Items that have points of nothing: what is said of the others is not said of them."""
    for (task, model), some in marks.items():
        whys = Counter(mark.why for mark in some if not any(of for _, of in mark.points.values()))
        if whys:
            yield LeftOut(model, task, whys.total(), len(some), whys.most_common(1)[0][0])


def versus(tasks: Mapping[str, Task], marks: Marks, against: str) -> list[Versus]:
    """Every other model less `against`; p-values of first metrics are adjusted for how many of them there are.

    What is of tokens is left out where the two cut the same texts into other numbers of them.
    """
    found: list[Versus] = []
    first: list[int] = []
    for (task, model), some in marks.items():
        if model == against or (task, against) not in marks:
            continue
        other = {mark.item: mark for mark in marks[task, against]}
        both = [mark for mark in some if mark.item in other]
        before = len(found)
        for metric in tasks[task].metrics:
            ours, theirs = points(both, metric.name), points([other[mark.item] for mark in both], metric.name)
            if metric.by_tokens and any(a[1] != b[1] for a, b in zip(ours, theirs, strict=True) if a[1] and b[1]):
                continue
            if differs := difference(ours, theirs, share=metric.is_share):
                one = Versus(model, against, task, metric.name, metric.unit, metric.lower, differs, differs.p)
                found.append(one)
        first += range(before, min(before + 1, len(found)))
    for place, p in zip(first, holm([found[place].difference.p for place in first]), strict=True):
        found[place] = replace(found[place], adjusted=p)
    return found


def duels(task: str, of: Task, model: str, against: str, marks: Sequence[Mark]) -> Iterator[Duel]:
    """What a judge's verdicts come to."""
    for metric in of.duels:
        of_items = points(marks, metric.name)
        found = estimate(of_items)
        if found is None:
            continue
        p = None
        if metric.name == "win rate" and (test := difference(of_items, [(n / 2, n) for _, n in of_items])):
            p = test.p
        found = replace(found, low=max(0.0, found.low), high=min(1.0, found.high))
        yield Duel(model, against, task, metric.name, found, p)


def among_all(found: Sequence[Duel]) -> list[Duel]:
    """The verdicts with p-values adjusted for how many models were judged."""
    tested = [(place, one.p) for place, one in enumerate(found) if one.p is not None]
    adjusted = dict(zip((place for place, _ in tested), holm([p for _, p in tested]), strict=True))
    return [replace(one, adjusted=adjusted.get(place)) for place, one in enumerate(found)]


def points(marks: Sequence[Mark], metric: str) -> list[tuple[float, float]]:
    """A metric's points, item by item."""
    return [mark.points.get(metric, (0.0, 0.0)) for mark in marks]


def _score(model: str, task: str, metric: Metric, group: str, found: Estimate) -> Score:
    return Score(model, task, metric.name, metric.unit, metric.lower, group, found)
