"""The gate that keeps rows whose number is high enough, by value or by rank."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.rows import Row
from smoltalk.spread import DEGENERATE, Spread
from smoltalk.text import shown


class AtLeast(Gate):
    """Keeps a row when `column` is at least `value`, or at least the `quantile` of the first `calibrate` rows.

    The quantile is the nearest-rank one (Hyndman and Fan 1996, type 1): `quantile: 0.3` rejects the lowest 30 %. Its
    place is fixed by the first rows, in row order, so it does not depend on how long the run goes on. Fewer rows than
    1 / `quantile` place nothing, and none of them is too low.

    A number that is always the same is no rating: when `degenerate` of the first `calibrate` rows that come to this
    gate hold one, the run stops with its books closed and says so. Nothing is lost, and `degenerate: 1` goes on.
    """

    column: str
    value: float | None = Field(default=None, allow_inf_nan=False)
    quantile: float | None = Field(default=None, gt=0, lt=1)
    """The share to reject, 0 to 1."""
    calibrate: int = Field(default=256, gt=0)
    """Rows that place the quantile, and show how the numbers are spread: at least 50 of them for that."""
    degenerate: float = Field(default=DEGENERATE, gt=0.5, le=1)
    """Share of one number from which a rating is none; 1: never."""

    @model_validator(mode="after")
    def _one_cut(self) -> Self:
        if (self.value is None) == (self.quantile is None):
            raise ValueError("`at_least` takes exactly one of `value` and `quantile`")
        return self

    def check(self) -> Iterator[str]:
        if self.quantile is not None and self.calibrate * self.quantile < 1 - 1e-9:
            yield (
                f"`calibrate` of {self.calibrate} rows cannot place the quantile {self.quantile:g}: "
                f"it takes at least {math.ceil(round(1 / self.quantile, 6))}"
            )

    def reads(self) -> frozenset[str]:
        return frozenset({self.column})

    def calibrates_on(self) -> int:
        return 0 if self.quantile is None else self.calibrate

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        spread = Spread(self.column, self.calibrate, self.degenerate)
        if self.quantile is None:
            return _Cut(self.column, self.value, spread)
        numbers = sorted(number for row in sample if (number := _number(row.get(self.column))) is not None)
        return _Cut(self.column, numbers[int(self.quantile * len(numbers))] if numbers else None, spread)


@dataclass(frozen=True, slots=True)
class _Cut:
    column: str
    cut: float | None
    """None: no row of the sample had a number, so none can be too low."""
    spread: Spread

    def judge(self, row: Row) -> Verdict:
        """Reject with `<column>_too_low` or `not_a_number`; evidence: value and cut.

        Raises `CannotJudge` for a degenerate rating.
        """
        value = row.get(self.column)
        self.spread.see(value)
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
