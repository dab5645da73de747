"""What a dataset is like: its columns, their values, how long its texts are."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from smoltalk.decontamination.columns import spoken
from smoltalk.rows import Row

MOST_VALUES = 24
"""Values that a column may have to be counted one by one."""
_LONGEST_VALUE = 80
"""Characters of a value that is counted."""
_QUANTILES = {"p10": 0.1, "median": 0.5, "p90": 0.9}
_TALKS = ("messages", "prompt", "chosen", "rejected")


class Shape:
    """Counted row by row. Numbers are kept to place quantiles: 8 bytes a row and number."""

    def __init__(self) -> None:
        self.rows = 0
        self.counts: dict[str, Counter[str]] = {}
        """Values of columns that have few."""
        self._numbers: dict[str, array[float]] = {}
        self._many: set[str] = set()
        """Columns with more values than are counted."""

    def add(self, row: Row) -> None:
        """One more row."""
        self.rows += 1
        self._number("characters", sum(map(len, texts(row))))
        for name, value in row.items():
            match value:
                case bool():
                    self._value(name, str(value).lower())
                case int() | float():
                    self._number(name, float(value))
                case str() if name != "id" and name not in self._many:
                    self._value(name, value)
                case list() if name in _TALKS:
                    self._number(f"turns of {name}", len(value))

    def numbers(self) -> Mapping[str, Mapping[str, float]]:
        """For each column of numbers `rows`, `mean`, three quantiles."""
        return {name: dict(_summed(np.frombuffer(values))) for name, values in self._numbers.items() if values}

    def _number(self, name: str, value: float) -> None:
        self._numbers.setdefault(name, array("d")).append(value)

    def _value(self, name: str, value: str) -> None:
        counted = self.counts.setdefault(name, Counter())
        counted[value] += 1
        if len(counted) > MOST_VALUES or len(value) > _LONGEST_VALUE:
            del self.counts[name]
            self._many.add(name)


def texts(row: Row) -> Iterator[str]:
    """What a row says: its turns, or all its texts where it has none."""
    names = [name for name in _TALKS if row.get(name)] or [name for name in row if name != "id"]
    return (text for name in names for text in spoken(row[name]))


def _summed(values: Any) -> Iterator[tuple[str, float]]:
    yield "rows", float(len(values))
    yield "mean", float(np.mean(values))
    for name, share in _QUANTILES.items():
        yield name, float(np.quantile(values, share))
