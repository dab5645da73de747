"""What the columns say that gates pick labels from: a rating that is nearly always the same tells nothing apart."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from smoltalk.contracts import Gate
from smoltalk.rows import Row
from smoltalk.run.markdown import code, table
from smoltalk.text import shown

_LABELS = 12
"""Labels of one column that are told apart on a card."""
_DIFFERENT = 100
"""Different values from which a column holds no labels: nothing is said of it."""


class Said:
    """How often each label stood in each judged column, over all rows that did not fail."""

    def __init__(self, gates: Iterable[tuple[str, Gate]] = ()) -> None:
        labelled = (getattr(gate, "column", None) for _, gate in gates if hasattr(gate, "values"))
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in labelled if isinstance(name, str)}

    def see(self, row: Row) -> None:
        """Count one row."""
        for column, counts in self._counts.items():
            if len(counts) < _DIFFERENT:
                counts[str(shown(row.get(column), 40))] += 1

    def section(self) -> str:
        """A table for the card, a line for each column; empty where nothing was counted."""
        counted = [(name, counts) for name, counts in self._counts.items() if 0 < len(counts) < _DIFFERENT]
        lines = [(code(name), ", ".join(_shares(counts))) for name, counts in counted]
        return table(("column", "share of the rows that did not fail"), lines) if lines else ""


def _shares(counts: Counter[str]) -> Iterator[str]:
    ordered: Sequence[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for label, rows in ordered[:_LABELS]:
        yield f"{code(label)} {rows / counts.total():.1%}"
    if rest := sum(rows for _, rows in ordered[_LABELS:]):
        yield f"others {rest / counts.total():.1%}"
