"""Answers to read: items of a task with what every model said, what was found wrong with it, and a judge's verdicts."""

from collections.abc import Iterator, Mapping, Sequence

from smoltalk.eval.page_parts import Sample, sample
from smoltalk.eval.task import Mark

_SHOWN = 12
"""Of each task: half of them wrong, where there are any."""
_HEAD = 120


def samples(task: str, names: Sequence[str], marks: Mapping[tuple[str, str], Sequence[Mark]]) -> Iterator[Sample]:
    """Items on which a model failed, then others."""
    by_item = {name: {mark.item: mark for mark in marks.get((task, name), ()) if mark.said} for name in names}
    verdicts = {name: {mark.item: mark.why for mark in marks.get((f"{task}: verdicts", name), ())} for name in names}
    first = by_item[names[0]]
    wrong, right = list[str](), list[str]()
    for item in first:
        (wrong if any(_failed(found.get(item)) for found in by_item.values()) else right).append(item)
    chosen = wrong[: max(_SHOWN // 2, _SHOWN - len(right))] + right
    for item in chosen[:_SHOWN]:
        parts = [("asked", first[item].asked)]
        for name in names:
            if (mark := by_item[name].get(item)) is not None:
                said = [name, mark.why, f"{verdict} by the judge" if (verdict := verdicts[name].get(item)) else ""]
                parts.append((", ".join(filter(None, said)), "\n\n".join(mark.said)))
        failed = [name for name in names if _failed(by_item[name].get(item))]
        judged = [f"{name}: {verdict}" for name in names if (verdict := verdicts[name].get(item))]
        head = (first[item].asked.partition("\n")[0] or item)[:_HEAD]
        sign = "✕ " if failed else "" if judged else "✓ "
        behind = ", ".join(judged or failed)
        yield sample(f"{sign}{head}" + (f" ({behind})" if behind else ""), *parts)


def _failed(mark: Mark | None) -> bool:
    return mark is not None and bool(mark.why)
