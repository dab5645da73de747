"""How well scores agree with a teacher's: as a ranking, as numbers, and on which texts are good."""

import math
from collections.abc import Sequence


def agreement(teacher: Sequence[float], scores: Sequence[float], cut: float) -> dict[str, float]:
    """Figures of texts scored by both: `f1`, `precision`, `recall` of "at least `cut`", `accuracy`, `pearson`,
    `spearman`, `error` (mean absolute), `f1_of_all`, what calling every text good would have, and `best_cut`, the score
    from which on calling a text good has the highest F1, `best_f1`.

    `best_f1` is a little too good, since its cut was chosen on these very texts. Correlations are 0 where one side
    never changes.
    """
    good = [label >= cut for label in teacher]
    found = [score >= cut for score in scores]
    hits = sum(a and b for a, b in zip(good, found, strict=True))
    precision = hits / sum(found) if any(found) else 0.0
    recall = hits / sum(good) if any(good) else 0.0
    best_f1, best_cut = _best(good, scores)
    return {
        "best_cut": best_cut,
        "best_f1": best_f1,
        "f1": _harmonic(precision, recall),
        "f1_of_all": _harmonic(sum(good) / len(good), 1.0) if good else 0.0,
        "precision": precision,
        "recall": recall,
        "accuracy": sum(a == b for a, b in zip(good, found, strict=True)) / max(1, len(good)),
        "pearson": _correlation(teacher, scores),
        "spearman": _correlation(_ranks(teacher), _ranks(scores)),
        "error": sum(abs(a - b) for a, b in zip(teacher, scores, strict=True)) / max(1, len(good)),
    }


def _best(good: Sequence[bool], scores: Sequence[float]) -> tuple[float, float]:
    """The highest F1 of any cut, and the highest cut that has it."""
    best, hits, found = (0.0, 0.0), 0, 0
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    for place, i in enumerate(order):
        hits, found = hits + good[i], found + 1
        if place + 1 < len(order) and scores[order[place + 1]] == scores[i]:
            continue  # equal scores are on the same side of every cut
        f1 = _harmonic(hits / found, hits / sum(good)) if hits else 0.0
        best = max(best, (f1, scores[i]))
    return best


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Pearson's."""
    if not a:
        return 0.0
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    above = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    below = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    return above / below if below else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1 on; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks
