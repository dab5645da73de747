"""What the page shows of a chart: its title, its drawing at one or two widths, its colours in words, its caption."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

from markupsafe import Markup

from smoltalk.reporting.charts import NARROW, WIDE
from smoltalk.reporting.charts_bars import Piece

FATES = (Piece("accepted", "accepted"), Piece("rejected", "rejected"), Piece("failed", "failed"))
"""Colours of what became of rows."""
PENDING = Piece("pending", "fifth")
"""Rows that wait for people."""


class Figure(NamedTuple):
    """A chart as it stands on the page."""

    title: str
    """"" where the section's own says it."""
    caption: str
    """What is drawn and what to look for, plain words."""
    narrow: Markup
    """For a phone or a column of the page."""
    wide: Markup | None = None
    """For the whole width of the page; None for a chart that stands in a column."""
    legend: Sequence[Piece] = ()

    @classmethod
    def across(cls, title: str, caption: str, draw: Callable[[int], Markup], legend: Sequence[Piece] = ()) -> Self:
        """A chart drawn at both widths."""
        return cls(title, caption, draw(NARROW), draw(WIDE), legend)
