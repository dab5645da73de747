"""Whether a rating tells rows apart: a judge that says the same of nearly every row says nothing."""

import math
from collections import Counter
from typing import Any

from smoltalk.errors import CannotJudge
from smoltalk.text import shown

DEGENERATE = 0.98
"""Share of one label from which a rating is taken for none. Of the tags that come with TuluTalk (arXiv
2506.06522), the quality of a query is `excellent` about that often."""


class Spread:
    """Counts what a column says of the first rows and refuses to go on when it is always the same.

    It looks at `rows` rows, and never at fewer than 1 / (1 - `most`), 50 for 0.98: among fewer, one row that differs
    would already be share enough. Runs that end before that are not judged. `most` of 1 looks at nothing.
    """

    def __init__(self, column: str, rows: int, most: float) -> None:
        self._column, self._most = column, most
        self._left = max(rows, least(most)) if most < 1 else 0
        self._counts: Counter[str] = Counter()

    def see(self, value: Any) -> None:
        """Count one row. Raises `CannotJudge` when the last of the rows looked at is seen and one label holds most."""
        if not self._left:
            return
        self._counts[_label(value)] += 1
        self._left -= 1
        if self._left:
            return
        (label, often), rows = self._counts.most_common(1)[0], self._counts.total()
        self._counts.clear()
        if often >= self._most * rows:
            raise CannotJudge(
                f"column `{self._column}` is {label} in {often:,} of the first {rows:,} rows ({often / rows:.1%}), so "
                "a gate on it tells nothing apart: have another model or template rate, or drop the gate"
            )


def least(most: float) -> int:
    """Rows below which a share of `most` cannot be told from all."""
    return math.ceil(round(1 / (1 - most), 6))


def _label(value: Any) -> str:
    """`5` and `5.0` are one number, `"5"` is a text; long texts by their beginning."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = shown(value, 60)
    return f"`{said}`" if isinstance(said, str) else str(said)
