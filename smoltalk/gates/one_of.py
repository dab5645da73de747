"""The gate that keeps rows whose column has one of a few values."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.only import Only, concerns
from smoltalk.rows import Row
from smoltalk.spread import DEGENERATE, Spread
from smoltalk.text import shown

_ALARMS = frozenset({"pass", "fail", "unknown", "safe", "unsafe", "controversial"})
"""Words of verifiers and guards. They look for what is rare: that nearly all rows pass is good news."""


class OneOf(Gate):
    """Keeps a row when `column` equals one of `values`, as Magpie (Xu et al. 2024) keeps `good` and `excellent` only.

    Nothing is converted: `"5"` is not `5`, and `true` is not `1`.

    A filter by a rating that is always the same only looks like one: when `degenerate` of the first `calibrate` rows
    that come to this gate hold one label, the run stops with its books closed and says so. Nothing is lost, and
    `degenerate: 1` goes on. Runs of fewer rows are not judged so.
    """

    column: str
    values: tuple[str | bool | int | float, ...] = Field(min_length=1)
    calibrate: int = Field(default=256, gt=0)
    """Rows that show how a rating is spread; never fewer than 1 / (1 - `degenerate`), 50 for 0.98."""
    degenerate: float | None = Field(default=None, gt=0.5, le=1)
    """Share of one label from which a rating is none; 1: never. Without it, 0.98 for ratings, and 1 where all `values`
    are verdicts of verifiers or guards: `pass`, `fail`, `unknown`, `safe`, `unsafe`, `controversial`, true, false."""

    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; it keeps every other row."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.column, *self.only})

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        return _Judge(self, Spread(self.column, self.calibrate, self._most()))

    def _most(self) -> float:
        if self.degenerate is not None:
            return self.degenerate
        return 1 if all(isinstance(one, bool) or one in _ALARMS for one in self.values) else DEGENERATE


@dataclass(frozen=True, slots=True)
class _Judge:
    gate: OneOf
    spread: Spread

    def judge(self, row: Row) -> Verdict:
        """Reject with `<column>_not_wanted`; evidence: the value, and `<column>_reason` where there is one.

        Raises `CannotJudge` for a degenerate rating.
        """
        if not concerns(self.gate.only, row):
            return KEEP
        column, value = self.gate.column, row.get(self.gate.column)
        self.spread.see(value)
        if any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.gate.values):
            return KEEP
        reason = row.get(f"{column}_reason")
        told = {"reason": shown(reason)} if isinstance(reason, str) and reason.strip() else {}
        return Verdict(False, f"{column}_not_wanted", {"column": column, "value": shown(value), **told})
