"""The gate that keeps texts of a wanted length against the text they were made from."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.only import Only, concerns
from smoltalk.rows import Row
from smoltalk.text import strings, words


class Ratio(RowGate):
    """Keeps a row when the length of `of` over the length of `to` is within the bounds, both included.

    `ratio: {of: response, to: text, min: 0.1, max: 0.15}` holds a summary to 10 to 15 % of its article. Words are those
    of `smoltalk.text.words`.
    """

    of: str = "response"
    to: str = "text"
    unit: Literal["chars", "words"] = "words"
    min: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; it keeps every other row."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("`ratio` takes `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` ({self.min}) is greater than `max` ({self.max}): no row can pass")
        return self

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.to, *self.only})

    def judge(self, row: Row) -> Verdict:
        """Reject with `ratio_too_low`, `ratio_too_high`, or `missing_column`; evidence: lengths, ratio and bound."""
        if not concerns(self.only, row):
            return KEEP
        of, to = self._length(row.get(self.of)), self._length(row.get(self.to))
        for column, length in ((self.of, of), (self.to, to)):
            if not length:
                return Verdict(False, "missing_column", {"column": column})
        evidence = {"of": self.of, "to": self.to, "unit": self.unit, "lengths": [of, to], "ratio": round(of / to, 3)}
        if self.min is not None and of < self.min * to:
            return Verdict(False, "ratio_too_low", {**evidence, "min": self.min})
        if self.max is not None and of > self.max * to:
            return Verdict(False, "ratio_too_high", {**evidence, "max": self.max})
        return KEEP

    def _length(self, value: Any) -> int:
        return sum(len(text) if self.unit == "chars" else len(words(text)) for text in strings(value))
