"""Who is still wanted: the target, split over categories, counted on accepted rows."""

from collections import Counter
from collections.abc import Mapping
from math import ceil

from smoltalk.errors import RowFailed

_EVERYONE = ""
"""The one share where there are none; where there are, that of rows that belong to none of them."""
_LEAST_YIELD = 0.02


class Quotas:
    """Rows wanted for each value of the birth column that has shares, or for all rows together.

    Decisions that end in the books depend only on the rows before in row order. How many rows are in flight depends on
    the yield so far, which is timing; it decides nothing but speed.
    """

    def __init__(self, target: int | None, shares: tuple[str, Mapping[str, float]] | None) -> None:
        self.target = target
        self.column = shares[0] if shares and target is not None else None
        weights = shares[1] if shares and target is not None else {_EVERYONE: 1.0}
        self.wanted = apportion(target, weights) if target is not None else {}
        self.accepted: Counter[str] = Counter()
        self._decided: Counter[str] = Counter()
        self._in_flight: Counter[str] = Counter()

    def share_of(self, row: Mapping[str, object]) -> str:
        """Which quota a row counts for."""
        if not self.column:
            return _EVERYONE
        share = str(row.get(self.column))
        return share if share in self.wanted else _EVERYONE

    def stray(self, row: Mapping[str, object]) -> RowFailed | None:
        """Why a row fails at birth that belongs to none of the shares."""
        if self.column is None or self.share_of(row) != _EVERYONE:
            return None
        told = f"`{self.column}` is {row.get(self.column)!r}, not one of {', '.join(self.wanted)}"
        return RowFailed("unknown_share", told)

    def full(self, share: str) -> bool:
        """Whether no more rows of this share are wanted; strays, which all fail, are taken until the target is met."""
        if self.column and share == _EVERYONE:
            return self.met()
        return self.target is not None and self.accepted[share] >= self.wanted.get(share, 0)

    def met(self) -> bool:
        """Whether the target is met in every share."""
        return self.target is not None and all(self.accepted[s] >= n for s, n in self.wanted.items())

    def room(self, share: str) -> bool:
        """Whether another row of this share is likely to be needed, given the yield so far."""
        if self.target is None or (self.column and share == _EVERYONE):
            return True
        missing = self.wanted.get(share, 0) - self.accepted[share]
        share_yield = (self.accepted[share] + 1) / (self._decided[share] + 1)
        return self._in_flight[share] < ceil(missing / max(share_yield, _LEAST_YIELD))

    def born(self, share: str) -> None:
        """A row of this share is in flight."""
        self._in_flight[share] += 1

    def landed(self, share: str) -> None:
        """A row of this share is no longer in flight."""
        self._in_flight[share] -= 1

    def decided(self, share: str, *, accepted: bool) -> None:
        """A row of this share went into the books."""
        self._decided[share] += 1
        self.accepted[share] += accepted


def apportion(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Whole rows for each weight, adding up to `total` (largest remainder, Hamilton's method)."""
    scale = total / sum(weights.values())
    exact = {name: weight * scale for name, weight in weights.items()}
    rows = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (rows[name] - exact[name], name))
    for name in by_remainder[: total - sum(rows.values())]:
        rows[name] += 1
    return rows
