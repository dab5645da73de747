"""What was counted: of one part, and of all of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from smoltalk.decontamination.lines import Unreadable

TOLD = 5
"""Unreadable lines that are told one by one; all of them are counted, and kept as they were."""
LONG_ROW = 1_000_000
"""Bytes of text from which on a row is counted as long."""


class OfBenchmark(BaseModel):
    """Hits of one benchmark."""

    model_config = ConfigDict(extra="forbid")

    rows: int = 0
    """Rows with one of its items."""
    kinds: Counter[str] = Field(default_factory=Counter)
    """Rows by the kind of their best hit of this benchmark."""
    items: dict[int, float] = Field(default_factory=dict)
    """Each item that was hit, and its best score."""

    def add(self, other: Self) -> None:
        """Count another part's in."""
        self.rows += other.rows
        self.kinds.update(other.kinds)
        for item, score in other.items.items():
            self.items[item] = max(score, self.items.get(item, 0.0))


class Counted(BaseModel):
    """What is counted of rows that are read from anywhere."""

    model_config = ConfigDict(extra="forbid")

    rows: int = 0
    unreadable: int = 0
    """Lines that are no rows, or of other types than the rest; they are among `rows`."""
    told: list[str] = Field(default_factory=list)
    """The first few of them: where, and why."""
    without_text: int = 0
    """Rows with nothing to look at."""
    broken_text: int = 0
    """Rows with lone surrogates, or with bytes that are no UTF-8."""
    text_bytes: int = 0
    read_bytes: int = 0
    """Bytes of the input on disk, where they are known."""

    def count_unreadable(self, lines: Sequence[Unreadable]) -> None:
        """Lines that are no rows."""
        self.rows += len(lines)
        self.unreadable += len(lines)
        self.told = [*self.told, *(str(line) for line in lines[:TOLD])][:TOLD]

    def add(self, other: Self) -> None:
        """Count another part in."""
        for name, counted in other:
            if isinstance(counted, int):
                setattr(self, name, getattr(self, name) + counted)
        self.told = [*self.told, *other.told][:TOLD]


class Tally(Counted):
    """`rows = clean + contaminated + unreadable`; rows without text are clean."""

    clean: int = 0
    contaminated: int = 0
    long: int = 0
    """Rows of more than a megabyte of text."""
    more_items: int = 0
    """Rows that hold more items than are written down of a row."""
    uncounted: int = 0
    """Rows that hold so many that some may not be counted: what is said of items is "at least"."""
    benchmarks: dict[str, OfBenchmark] = Field(default_factory=dict)

    def add(self, other: Self) -> None:
        super().add(other)
        for name, counted in other.benchmarks.items():
            self.benchmarks.setdefault(name, OfBenchmark()).add(counted)


def total(tallies: Iterable[Tally]) -> Tally:
    """All parts together."""
    whole = Tally()
    for one in tallies:
        whole.add(one)
    return whole
