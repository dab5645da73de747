"""What the report says of how much rows differ, of languages, and of pairs of answers."""

from dataclasses import dataclass
from typing import Literal

from smoltalk.reporting.figures import Count, Histogram


@dataclass(frozen=True, slots=True)
class Distinct:
    """Different n-grams over all n-grams, on a fixed number of words so that sets compare."""

    what: Literal["user", "assistant"]
    words: int
    one: float
    two: float
    three: float


@dataclass(frozen=True, slots=True)
class Opening:
    """How turns begin."""

    words: str
    """The first three words, in lower case."""
    role: Literal["user", "assistant"]
    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class Diversity:
    """How much rows differ."""

    distinct: list[Distinct]
    openings: list[Opening]
    """The 15 most frequent of each role."""
    repeated_openings: list[Count]
    """Per role: rows of the sample whose first three words open another row of it too."""
    sample: int
    neighbours: Histogram
    """Cosine to the nearest other row of a sample, by hashed words of the first user turn (of pairs: the prompt)."""
    neighbour_sample: int
    neighbour_median: float
    close: float
    """Share of that sample with a neighbour of cosine 0.9 or more."""


@dataclass(frozen=True, slots=True)
class Languages:
    """Languages of a sample, told from the assistant's words."""

    counts: list[Count]
    """Names (`English`), largest first; `not told` for what cannot be."""
    sample: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Of a preference set: how chosen and rejected answers differ. Lengths are characters."""

    pairs: int
    chosen_longer: float
    """Share whose chosen answer is the longer one; of pairs of one length, half count."""
    mean_difference: float
    """Characters the chosen answer is longer, on average."""
    differences: Histogram
    """Characters chosen - rejected, linear."""
    margins: Histogram | None
    """Of the column `margin`, where there is one."""
    margin_median: float | None
    margin_length_correlation: float | None
    """Spearman's, of margin with length difference."""
    same_answers: int
    """Pairs whose two answers are equal but for case, space and Unicode form."""
    won: list[tuple[str, str, int]]
    """(chosen by, rejected by, pairs), where that is known; largest first."""
