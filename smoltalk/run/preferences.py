"""What is known of pairs of answers once they are made: whether length decided, and who won against whom."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Preferences:
    """Counts over pairs, one at a time; memory does not grow with them.

    Judges and reward models favour long answers (Singhal et al. 2023, A Long Way to Go, arXiv:2310.03716), and so does
    a model that is trained on their choices: that is what the lengths are for. All lengths are characters.
    """

    pairs: int = 0
    chosen_longer: int = 0
    same_length: int = 0
    chosen_characters: int = 0
    rejected_characters: int = 0
    margins: int = 0
    """Pairs whose margin is a number."""
    won: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Pairs by who wrote the chosen and who the rejected answer, where that is known."""
    _means: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _moments: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Sums of squares of margins and of length differences, and of their products, each about the mean."""

    def see(self, chosen: int, rejected: int, row: Mapping[str, Any]) -> None:
        """Count one pair: the lengths of its answers, and of its row `margin`, `chosen_by` and `rejected_by`."""
        self.pairs += 1
        self.chosen_longer += chosen > rejected
        self.same_length += chosen == rejected
        self.chosen_characters += chosen
        self.rejected_characters += rejected
        by = row.get("chosen_by"), row.get("rejected_by")
        if isinstance(by[0], str) and isinstance(by[1], str):
            self.won[by[0], by[1]] += 1
        margin = row.get("margin")
        if isinstance(margin, int | float) and not isinstance(margin, bool) and math.isfinite(margin):
            self._correlate(float(margin), float(chosen - rejected))

    def _correlate(self, margin: float, longer: float) -> None:
        """One step of Welford's recurrence (1962), for two variables."""
        self.margins += 1
        before = margin - self._means[0], longer - self._means[1]
        self._means[0] += before[0] / self.margins
        self._means[1] += before[1] / self.margins
        after = margin - self._means[0], longer - self._means[1]
        self._moments[0] += before[0] * after[0]
        self._moments[1] += before[1] * after[1]
        self._moments[2] += before[0] * after[1]

    @property
    def longer_share(self) -> float:
        """Share of pairs whose chosen answer is the longer one, 0 to 1; of pairs of one length, half count."""
        return (self.chosen_longer + self.same_length / 2) / self.pairs if self.pairs else 0.5

    @property
    def mean_difference(self) -> float:
        """Characters that the chosen answer is longer, on average."""
        return (self.chosen_characters - self.rejected_characters) / self.pairs if self.pairs else 0.0

    @property
    def correlation(self) -> float | None:
        """Pearson's, of margin with length difference, -1 to 1; None where one of them never varies."""
        margins, lengths, both = self._moments
        spread = math.sqrt(margins) * math.sqrt(lengths)
        return max(-1.0, min(1.0, both / spread)) if spread > 0 else None
