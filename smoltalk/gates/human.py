"""The gate that people are: a sample of the rows that every other gate kept is looked at before it counts."""

from typing import Literal

from pydantic import Field

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row


class Human(RowGate):
    """Sets rows aside for review once the run is through; `smoltalk review` shows them and brings the answers back.

    In the loop it keeps every row: who is looked at is only known when all rows are there.
    """

    sample: int = Field(gt=0)
    """Rows to look at."""
    by: Literal["random", "disagreement", "low_margin", "per_category"] = "random"
    """Which ones: any, those whose scores disagree, those nearest to a gate's cut, or as many of each category."""
    wait: bool = False
    """Whether sampled rows are held back (`pending`) until they are answered; else they are published meanwhile."""
    reviewers: int = Field(default=1, gt=0)
    """People who are to answer each row; fewer answers decide nothing."""
    conflicts: Literal["majority", "owner", "hold"] = "majority"
    """What counts when they disagree: most voices, the owner's word, or nobody's: then the row is held back."""

    def reads(self) -> frozenset[str]:
        return frozenset()

    def judge(self, row: Row) -> Verdict:
        return KEEP
