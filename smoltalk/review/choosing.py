"""Which rows people look at: at random, by category, where scores disagree, or near a gate's cut."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heappush, heapreplace
from typing import Any, Literal, NamedTuple

import numpy as np

from smoltalk.contracts import Gate
from smoltalk.errors import Problem, UserError
from smoltalk.rows import Row

By = Literal["random", "disagreement", "low_margin", "per_category"]

_SCALES = (
    ("very poor", "poor", "average", "good", "excellent"),
    ("fail", "unknown", "pass"),
    ("unsafe", "safe"),
    ("no", "yes"),
)
"""Labels in their order, the best last."""
_RANKS = {label: place / (len(scale) - 1) for scale in _SCALES for place, label in enumerate(scale)}


class Candidate(NamedTuple):
    """A row that could be looked at."""

    row: int
    columns: Row


Rows = Callable[[], Iterator[Candidate]]
"""All rows of a run, in their order; may be gone through twice."""


def choose(rows: Rows, sample: int, by: By, seed: int, gates: Mapping[str, Gate]) -> list[int]:
    """The numbers of the rows to look at, in their order; the same ones for the same rows and seed.

    Memory: 8 bytes a row and score. Raises `UserError` where nothing says what is asked for.
    """
    match by:
        case "random":
            return sorted(_least(((_draw(seed, one), one.row) for one in rows()), sample))
        case "per_category":
            return _per_category(rows, sample, seed)
        case "disagreement":
            return _widest(rows, sample)
        case "low_margin":
            return _nearest(rows, sample, gates)


def _draw(seed: int, one: Candidate) -> float:
    digest = hashlib.blake2b(f"{seed}\0{one.columns.get('id')}".encode("utf-8", "replace"), digest_size=6).digest()
    return float(int.from_bytes(digest))


def _least(keyed: Iterator[tuple[float, int]], count: int) -> list[int]:
    """The rows with the smallest keys; of equal ones, the earlier."""
    heap: list[tuple[float, int]] = []
    for key, row in keyed:
        if len(heap) < count:
            heappush(heap, (-key, -row))
        elif (-key, -row) > heap[0]:
            heapreplace(heap, (-key, -row))
    return [-row for _, row in heap]


def _per_category(rows: Rows, sample: int, seed: int) -> list[int]:
    """As many of each category as there are, up to a share that is the same for all."""
    heaps: dict[str, list[tuple[float, int]]] = {}
    for one in rows():
        name = next((str(one.columns[c]) for c in ("category", "source") if one.columns.get(c)), "")
        heap = heaps.setdefault(name, [])
        key = (-_draw(seed, one), -one.row)
        if len(heap) < sample:
            heappush(heap, key)
        elif key > heap[0]:
            heapreplace(heap, key)
    ranked = [[-row for _, row in sorted(heaps[name], reverse=True)] for name in sorted(heaps)]
    taken: list[int] = []
    for place in range(sample):
        taken += [one[place] for one in ranked if place < len(one)]
    return sorted(taken[:sample])


def _widest(rows: Rows, sample: int) -> list[int]:
    """Rows whose scores lie furthest apart, each score as its rank among all rows."""
    numbers, values = _scores(rows)
    if len(values) < 2:
        only = f" only `{next(iter(values))}`" if values else " none"
        hint = "--by random, --by per_category, or --by low_margin"
        raise UserError(
            [Problem("--by disagreement", 0, f"needs two columns of scores that can disagree: there is{only}", hint)]
        )
    ranks = np.stack([_ranked(column) for column in values.values()])
    low, high = np.where(np.isnan(ranks), 2.0, ranks).min(0), np.where(np.isnan(ranks), -1.0, ranks).max(0)
    spread = high - low  # less than nothing where a row has no score
    order = np.lexsort((numbers, -spread))
    return sorted(int(row) for row in numbers[order[:sample]])


def _nearest(rows: Rows, sample: int, gates: Mapping[str, Gate]) -> list[int]:
    """Rows nearest to a cut of a gate, in standard deviations of its column."""
    cuts = {column: cut for gate in gates.values() for column, cut in _cut(gate)}
    numbers, values = _scores(rows)
    margins = []
    for column, cut in cuts.items():
        if column in values:
            known = values[column]
            at = float(np.nanmin(known)) if cut is None else cut
            margins.append(np.abs(known - at) / (float(np.nanstd(known)) or 1.0))
    if not margins:
        hint = "--by random, or --by disagreement"
        raise UserError(
            [Problem("--by low_margin", 0, "needs a gate that cuts a score: `at_least: {column: ...}`", hint)]
        )
    least = np.where(np.isnan(margins), np.inf, margins).min(0)
    order = np.lexsort((numbers, least))
    return sorted(int(row) for row in numbers[order[:sample]])


def _cut(gate: Gate) -> Iterator[tuple[str, float | None]]:
    """A gate's column and cut; None where a quantile placed it: then no accepted row lies below."""
    column = getattr(gate, "column", None)
    if isinstance(column, str) and hasattr(gate, "quantile"):
        least = getattr(gate, "value", None)
        yield column, float(least) if isinstance(least, int | float) else None


def _scores(rows: Rows) -> tuple[Any, dict[str, Any]]:
    """Row numbers, and the scores of every column that has any: numbers, and labels of known scales. NaN for none."""
    numbers: list[int] = []
    found: dict[str, dict[int, float]] = {}
    for place, one in enumerate(rows()):
        numbers.append(one.row)
        for name, value in one.columns.items():
            if (score := score_of(value)) is not None:
                found.setdefault(name, {})[place] = score
    columns = {}
    for name in sorted(found):
        values = np.full(len(numbers), np.nan)
        values[list(found[name])] = list(found[name].values())
        if len(np.unique(values[~np.isnan(values)])) > 1:
            columns[name] = values
    return np.array(numbers, np.int64), columns


def score_of(value: Any) -> float | None:
    """A score, or a label of a known scale as a number from 0 to 1; None for anything else."""
    if isinstance(value, str):
        return _RANKS.get(value)
    return float(value) if isinstance(value, float) or type(value) is int else None


def above(labels: Sequence[str], cut: float) -> list[str]:
    """Labels that score at least so much, the lowest first."""
    return sorted((label for label in labels if _RANKS[label] >= cut), key=lambda label: (_RANKS[label], label))


def _ranked(values: Any) -> Any:
    """Mid-ranks from 0 to 1; NaN stays."""
    known = ~np.isnan(values)
    _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)[:-1]])
    ranks = np.full(len(values), np.nan)
    ranks[known] = (below[inverse] + (counts[inverse] - 1) / 2) / max(int(known.sum()) - 1, 1)
    return ranks
