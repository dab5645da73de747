"""The gate that keeps rows of a wanted length."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row
from smoltalk.text import strings, words


class Length(RowGate):
    """Keeps a row whose text is neither too short nor too long, both bounds included.

    Words are those of `smoltalk.text.words`: scripts without spaces count one a character. Turns are the user's and the
    assistant's; a system turn counts only in `chars` and `words`.
    """

    of: str = "messages"
    """The column; of a conversation, the contents of all turns are added up."""
    unit: Literal["chars", "words", "turns"] = "words"
    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("`length` takes `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` ({self.min}) is greater than `max` ({self.max}): no row can pass")
        return self

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def judge(self, row: Row) -> Verdict:
        """Reject with `too_short`, `too_long` or `missing_column`; evidence: the length, its unit and the bound."""
        value = row.get(self.of)
        if value is None:
            return Verdict(False, "missing_column", {"column": self.of})
        length = _measure(value, self.unit)
        evidence = {"column": self.of, "unit": self.unit, "length": length}
        if self.min is not None and length < self.min:
            return Verdict(False, "too_short", {**evidence, "min": self.min})
        if self.max is not None and length > self.max:
            return Verdict(False, "too_long", {**evidence, "max": self.max})
        return KEEP


def _measure(value: Any, unit: str) -> int:
    if unit == "turns":
        turns = value if isinstance(value, list | tuple) else [value]
        return sum(not (isinstance(turn, dict) and turn.get("role") == "system") for turn in turns)
    return sum(len(text) if unit == "chars" else len(words(text)) for text in strings(value))
