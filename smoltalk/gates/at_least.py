"""The gate that keeps rows whose number is high enough, by value or by rank."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.rows import Row
from smoltalk.text import shown


class AtLeast(Gate):
    """Keeps a row when `column` is at least `value`, or at least the `quantile` of the first `calibrate` rows.

    The quantile is the nearest-rank one (Hyndman and Fan 1996, type 1): `quantile: 0.3` rejects the lowest 30 %. Its
    place is fixed by the first rows, in row order, so it does not depend on how long the run goes on.
    """

    column: str
    value: float | None = Field(default=None, allow_inf_nan=False)
    quantile: float | None = Field(default=None, gt=0, lt=1)
    """The share to reject, 0 to 1."""
    calibrate: int = Field(default=256, gt=0)
    """Rows that place the quantile."""

    @model_validator(mode="after")
    def _one_cut(self) -> Self:
        if (self.value is None) == (self.quantile is None):
            raise ValueError("`at_least` takes exactly one of `value` and `quantile`")
        return self

    def reads(self) -> frozenset[str]:
        return frozenset({self.column})

    def calibrates_on(self) -> int:
        return 0 if self.quantile is None else self.calibrate

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        if self.quantile is None:
            return _Cut(self.column, self.value)
        numbers = sorted(number for row in sample if (number := _number(row.get(self.column))) is not None)
        return _Cut(self.column, numbers[int(self.quantile * len(numbers))] if numbers else None)


@dataclass(frozen=True, slots=True)
class _Cut:
    column: str
    cut: float | None
    """None: no row of the sample had a number, so none can be too low."""

    def judge(self, row: Row) -> Verdict:
        """Reject with `<column>_too_low` or `not_a_number`; evidence: value and cut."""
        value = row.get(self.column)
        number = _number(value)
        evidence = {"column": self.column, "value": shown(value), "cut": self.cut}
        if number is None:
            return Verdict(False, "not_a_number", evidence)
        if self.cut is not None and number < self.cut:
            return Verdict(False, f"{self.column}_too_low", evidence)
        return KEEP


def _number(value: Any) -> float | None:
    """The value as a finite number; None for text, booleans, NaN and infinities."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
