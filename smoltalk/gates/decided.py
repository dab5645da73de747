"""The gate that keeps rows for which a pair of answers was chosen."""

from typing import Any

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row
from smoltalk.text import shown

_SAID = ("one_answer", "same_answers", "none_passed", "none_failed", "tie", "margin_too_small", "disagree")
"""Why `choose` makes no pair. Other words are evidence: what counts as a reason is a label, and labels are few."""


class Decided(RowGate):
    """Rejects a row for which the step `choose` found no two answers that differ enough, with its reason."""

    column: str = "choice"
    """Where `choose` says how it went."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.column})

    def judge(self, row: Row) -> Verdict:
        """Reject with the step's own word, such as `tie` or `none_passed`; evidence: answers and scores, if known."""
        said = row.get(self.column)
        if said == "made":
            return KEEP
        known: dict[str, Any] = {name: shown(row[name]) for name in ("answers", "answered_by", "scores") if name in row}
        if said is None:
            return Verdict(False, "missing_column", known)
        if said not in _SAID:
            return Verdict(False, "unknown_choice", known | {"said": shown(said)})
        return Verdict(False, said, known)
