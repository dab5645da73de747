"""What the report says of lengths, numbers and labels."""

from dataclasses import dataclass, field
from typing import Literal

Scale = Literal["log", "linear"]


@dataclass(frozen=True, slots=True)
class Count:
    """A label and how often it stands there."""

    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in bins: bin `i` holds `edges[i] <= value < edges[i + 1]`; the last bin holds its upper edge too."""

    edges: list[float]
    counts: list[int]
    scale: Scale = "log"
    """How an axis should show the edges."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long something is in accepted rows."""

    what: str
    """`row`, `system`, `user`, `assistant`, `prompt`, `chosen`, `rejected`: one value a row, summed over its turns of
    that role; rows without one are not counted. `turns`: turns a row, a system turn not counted."""
    unit: Literal["tokens", "words", "characters", "turns"]
    rows: int
    total: int
    mean: float
    median: float
    p5: float
    p95: float
    longest: int
    histogram: Histogram
    estimated: bool = False
    """Whether it was measured on a sample (tokens are)."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers: a score, a reward, a margin."""

    name: str
    values: int
    """Rows that have a number there."""
    missing: int
    mean: float
    deviation: float
    low: float
    median: float
    high: float
    accepted: Histogram
    rejected: Histogram
    """Over the same edges."""
    length_correlation: float | None
    """Spearman's, with the characters of the answer, -1 to 1; None where either never varies."""
    by_category: list[tuple[str, int, float]] = field(default_factory=list)
    """(category, rows, mean) along the column `categorised_by`, largest first, at most 20."""
    categorised_by: str = ""
    judged: bool = True
    """Whether a step wrote it: a score, or made of scores, and no count that came with the rows."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A column of few different values: a category, a difficulty, a verdict, a rating."""

    name: str
    judged: bool
    """Whether an engine's reply or a verifier wrote it, as far as the pipeline tells."""
    accepted: list[Count]
    """Largest first; at most 40, then `others`. Ratings that have an order come in it (`ordered`)."""
    rejected: list[Count]
    failed: int
    """Rows that failed and had a value."""
    missing: int
    different: int
    """Different values that were seen."""
    top_share: float
    """Share of the most frequent value among rows that have one."""
    entropy: float
    """Shannon's, in bits, over its maximum for this many values: 0 all the same, 1 all equally often."""
    ordered: bool = False
    rated: bool = False
    """Whether it is a rating or category by a model: one value nearly everywhere is then a fault of the judge."""


@dataclass(frozen=True, slots=True)
class Degenerate:
    """A judged column that tells little apart."""

    column: str
    kind: Literal["one_value", "constant", "low_entropy", "follows_length"]
    value: str
    """The value that nearly all rows have; "" for `follows_length`."""
    figure: float
    """Share of that value, or Spearman's correlation with length."""
    rows: int
    sentence: str
