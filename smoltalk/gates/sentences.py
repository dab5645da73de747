"""The gate that keeps texts of a wanted number of sentences."""

from typing import Self

from pydantic import Field, model_validator

from smoltalk.constraints.sentences import sentences
from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.only import Only, concerns
from smoltalk.rows import Row
from smoltalk.text import strings


class Sentences(RowGate):
    """Keeps a row whose text has at least `min` and at most `max` sentences, as the constraints count them."""

    of: str = "response"
    min: int = Field(default=1, ge=0)
    max: int | None = Field(default=None, ge=1)
    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; it keeps every other row."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.max is not None and self.min > self.max:
            raise ValueError(f"`min` ({self.min}) is greater than `max` ({self.max}): no row can pass")
        return self

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, *self.only})

    def judge(self, row: Row) -> Verdict:
        """Reject with `too_few_sentences` or `too_many_sentences`; evidence: the number and its bound."""
        if not concerns(self.only, row):
            return KEEP
        found = sum(len(sentences(text)) for text in strings(row.get(self.of)))
        if found < self.min:
            return Verdict(False, "too_few_sentences", {"column": self.of, "sentences": found, "min": self.min})
        if self.max is not None and found > self.max:
            return Verdict(False, "too_many_sentences", {"column": self.of, "sentences": found, "max": self.max})
        return KEEP
