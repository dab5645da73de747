"""Which benchmark items stand in which rows: what the gate `decontaminate` and the command of that name have in common.

A finder is benchmarks and one method; it is given texts and gives hits. `coverage` is ours; the others are published
methods under their own rules, there for comparison.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from smoltalk.words import Texts

Method = Literal["coverage", "tulu3", "open-r1", "lm-eval", "cosmopedia"]
"""How rows are compared with items."""

Kind = Literal["exact", "edited", "numbers_changed", "partial", "n_gram"]
"""All words in order; some other or lacking; only numbers changed; a piece; what a published method counts."""


class Hit(NamedTuple):
    """An item that stands in a row."""

    row: int
    benchmark: int
    """Its place in the finder's `names`."""
    item: int
    """Its number in the benchmark, from 0."""
    score: float
    """0 to 1, as the method counts it."""
    kind: Kind
    first: int
    """First byte in the texts' data."""
    last: int
    """The byte after the last."""


class Finder(Protocol):
    """Benchmarks ready to be looked for. Threads may share one; each has a desk of its own."""

    names: tuple[str, ...]
    sources: tuple[str, ...]
    """What each benchmark was built from: another text where its items are others."""
    sizes: tuple[int, ...]
    """Items in each benchmark."""

    def called(self, benchmark: int, item: int) -> str:
        """The id of an item, or its number where it has none."""

    def desk(self) -> object:
        """What one thread needs for `find`; large, so made once."""

    def find(self, texts: "Texts", desk: object) -> list[Hit]:
        """One hit for each pair of a row and an item in it, in row order, the best of a row first."""


def finder(against: Sequence[str], method: Method, threshold: float, beside: Path | None = None) -> Finder:
    """Open benchmarks (names, spec files, JSONL files of items) for a method.

    `threshold` is of `coverage`; published methods have their own. Relative paths are looked for in `beside`.
    Raises `UserError`, `ValueError` for a threshold that is none, and `WorldError` where a published method needs items
    from the Hub and they cannot be had.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold of {threshold:g} is not more than 0 and at most 1")
    if method == "coverage":
        from smoltalk.benchmarks import prints
        from smoltalk.decontamination.coverage import Coverage

        return Coverage(prints(against, beside), threshold)
    from smoltalk.decontamination.items import items_of
    from smoltalk.decontamination.published import RULES, Published

    return Published(RULES[method], items_of(against, method, beside))


def best_of_items(hits: Iterable[Hit]) -> list[Hit]:
    """For each row and item its best hit; rows in order, a row's best hit first."""
    best: dict[tuple[int, int, int], Hit] = {}
    for hit in hits:
        key = hit[:3]
        if key not in best or _rank(hit) < _rank(best[key]):
            best[key] = hit
    return sorted(best.values(), key=_rank)


def _rank(hit: Hit) -> tuple[int, float, int, int, int]:
    return hit.row, -round(hit.score, 6), hit.first - hit.last, hit.benchmark, hit.item
