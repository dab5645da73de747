"""Two datasets side by side: one pass over each to mark its rows, one to fetch those that differ."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from smoltalk.comparison.reading import Data, Marked, marked
from smoltalk.comparison.shape import Shape
from smoltalk.rows import Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Marks = NDArray[np.uint64]

Fate = Literal["added", "removed", "changed"]

_HELD = 50_000
"""Rows whose earlier versions are in memory at a time."""


class Pair(NamedTuple):
    """A row that differs: as it is in one dataset, and in the other."""

    before: Row | None
    after: Row | None


@dataclass(slots=True)
class Side:
    """One of the two, read once. Memory: 24 bytes a row for its marks, and what `Shape` says."""

    shape: Shape = field(default_factory=Shape)
    names: "Marks" = field(default_factory=lambda: np.zeros(0, np.uint64))
    contents: "Marks" = field(default_factory=lambda: np.zeros(0, np.uint64))
    said: "Marks" = field(default_factory=lambda: np.zeros(0, np.uint64))
    named: bool = True
    """Whether every row has an `id` of its own."""
    talks: bool = True
    """Whether every row has turns."""
    unreadable: list[str] = field(default_factory=list)
    """Lines that are no rows: where, and why."""


@dataclass(slots=True)
class Difference:
    """What two datasets do not share."""

    before: Side
    after: Side
    by: Literal["id", "turns", "content"]
    """What makes rows of the two the same row: `content` is all columns but the id."""
    same: int
    added: "Marks"
    removed: "Marks"
    changed: "Marks"
    """Only with `by` `id`."""


def compare(before: Data, after: Data, tell: Callable[[int], None]) -> Difference:
    """Read both; `tell` is given the rows read so far. Raises `UserError`, `WorldError`.

    Rows are the same row where they have the same `id`; where one dataset has none, or no id is in both, where their
    turns are the same, or all their columns where they have no turns. Of rows that are the same within a dataset, each
    counts.
    """
    one, two = _side(before, tell), _side(after, tell)
    if one.named and two.named and (not len(one.names) or not len(two.names) or np.isin(one.names, two.names).any()):
        return _by_id(one, two)
    if one.talks and two.talks:
        return _by_content("turns", one, two, one.said, two.said)
    return _by_content("content", one, two, one.contents, two.contents)


def _side(data: Data, tell: Callable[[int], None]) -> Side:
    side, names, contents, said = Side(), array("Q"), array("Q"), array("Q")
    for found in marked(data, side.unreadable):
        side.shape.add(found.row)
        contents.append(found.content)
        if found.name is not None:
            names.append(found.name)
        if found.said is not None:
            said.append(found.said)
        if side.shape.rows % 4_096 == 0:
            tell(side.shape.rows)
    side.contents, side.names = np.array(contents, np.uint64), np.array(names, np.uint64)
    side.said, side.talks = np.array(said, np.uint64), len(said) == len(contents)
    side.named = len(names) == len(contents) and len(np.unique(side.names)) == len(names)
    return side


def _by_id(one: Side, two: Side) -> Difference:
    both, here, there = np.intersect1d(one.names, two.names, assume_unique=True, return_indices=True)
    differs = one.contents[here] != two.contents[there]
    return Difference(
        one, two, "id", int((~differs).sum()),
        added=np.setdiff1d(two.names, one.names), removed=np.setdiff1d(one.names, two.names), changed=both[differs],
    )  # fmt: skip


def _by_content(by: Literal["turns", "content"], one: Side, two: Side, here: "Marks", there: "Marks") -> Difference:
    """As multisets: a row that stands twice in one and once in the other was added or removed once."""
    (a, of_a), (b, of_b) = np.unique(here, return_counts=True), np.unique(there, return_counts=True)
    whole = np.union1d(a, b)
    left, right = np.zeros(len(whole), np.int64), np.zeros(len(whole), np.int64)
    left[np.searchsorted(whole, a)], right[np.searchsorted(whole, b)] = of_a, of_b
    added, removed = np.repeat(whole, np.maximum(right - left, 0)), np.repeat(whole, np.maximum(left - right, 0))
    return Difference(one, two, by, int(np.minimum(left, right).sum()), added, removed, np.zeros(0, np.uint64))


def rows_of(difference: Difference, fate: Fate, before: Data, after: Data) -> Iterator[Pair]:
    """The rows of one fate, in the order of their dataset; of changed ones, 50,000 are in memory at a time."""
    if fate == "changed":
        yield from _changed(difference, before, after)
        return
    marks = difference.added if fate == "added" else difference.removed
    left = dict(zip(*(part.tolist() for part in np.unique(marks, return_counts=True)), strict=True))
    for found in marked(after if fate == "added" else before, []):
        key = _key(difference, found)
        if left.get(key, 0) > 0:
            left[key] -= 1
            yield Pair(None, found.row) if fate == "added" else Pair(found.row, None)


def _changed(difference: Difference, before: Data, after: Data) -> Iterator[Pair]:
    marks = difference.changed
    for start in range(0, len(marks), _HELD):
        wanted = set(marks[start : start + _HELD].tolist())
        earlier = {found.name: found.row for found in marked(before, []) if found.name in wanted}
        for found in marked(after, []):
            if found.name in wanted:
                yield Pair(earlier[found.name], found.row)


def _key(difference: Difference, found: Marked) -> int | None:
    return {"id": found.name, "turns": found.said, "content": found.content}[difference.by]
