"""The gate that keeps rows whose column has one of a few values."""

from pydantic import Field

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row
from smoltalk.text import shown


class OneOf(RowGate):
    """Keeps a row when `column` equals one of `values`, as Magpie (Xu et al. 2024) keeps `good` and `excellent` only.

    Nothing is converted: `"5"` is not `5`, and `true` is not `1`.
    """

    column: str
    values: tuple[str | bool | int | float, ...] = Field(min_length=1)

    def reads(self) -> frozenset[str]:
        return frozenset({self.column})

    def judge(self, row: Row) -> Verdict:
        """Reject with `<column>_not_wanted`; evidence: the value."""
        value = row.get(self.column)
        if any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.values):
            return KEEP
        return Verdict(False, f"{self.column}_not_wanted", {"column": self.column, "value": shown(value)})
