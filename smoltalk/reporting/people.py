"""What the report says of people: what they decided, how far they agree, and what scores are worth beside them.

Reviewers go by letters, for a page is published with its dataset; the ledger holds their names.
"""

from dataclasses import dataclass
from typing import Literal

from smoltalk.reporting.figures import Count

RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's own bounds for alpha (Content Analysis, 2004): what to rely on, what to conclude from with care."""


@dataclass(frozen=True, slots=True)
class Became:
    """What people made of rows."""

    what: str
    """In words: `kept as it was`, `edited`, `dropped`, ..."""
    fate: Literal["accepted", "rejected", "pending"]
    rows: int


@dataclass(frozen=True, slots=True)
class Person:
    """One reviewer."""

    letter: str
    rows: int
    """Rows that they decided."""
    said: list[Count]
    """What they said of them, each thing in its place whether anybody said it or not: `keep`, `edit`, `drop`; of pairs
    `chosen`, `rejected` (the other answer is the better one), `tie`, `both_bad`."""


@dataclass(frozen=True, slots=True)
class Two:
    """Two reviewers beside each other."""

    one: str
    other: str
    rows: int
    """Rows that both decided."""
    kappa: float | None
    """Cohen's (1960); None where both said the same of every row."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A score beside what people said."""

    column: str
    rows: int
    kept: float
    """Its mean over rows that people kept."""
    dropped: float
    auc: float
    """How often a kept row scores higher than a dropped one; 0.5 is chance."""
    error: float
    """Standard error of it (Hanley and McNeil 1982)."""


@dataclass(frozen=True, slots=True)
class At:
    """One cut: what a gate would keep that wants at least so much."""

    cut: float
    precision: float
    """Of the rows it keeps, those that people keep."""
    recall: float
    """Of the rows that people keep, those that it keeps."""
    kept: int


@dataclass(frozen=True, slots=True)
class Cuts:
    """A score's cuts, from the lowest, which keeps all, to the highest."""

    column: str
    rows: int
    gate: str
    """The gate that cuts by it today; "" for none."""
    curve: list[At]
    """At most 120, spread evenly, the first, the last and the proposed one among them."""
    now: At
    proposed: At
    """The one of the highest F1."""
    labels: list[tuple[float, str]]
    """Of a column of labels: their places on the scale."""
    line: str
    """For `gates:`; "" where no cut is better than today's."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A corrected answer; pieces are (whether it differs, text), together at most 700 characters."""

    row: str
    before: list[tuple[bool, str]]
    after: list[tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class Disputed:
    """A row of which people said different things."""

    row: str
    said: list[tuple[str, str]]
    """(letter, what they said) in words, at most 8."""
    texts: list[tuple[str, str]]
    """(whose turn, its text, cut): the last question and the answer or answers."""


@dataclass(frozen=True, slots=True)
class People:
    """What people did with the rows of a run."""

    makes: Literal["sft", "dpo"]
    answers: int
    """All that were ever given, drafts and outdated ones with them."""
    drafts: int
    discarded: int
    stale: int
    """Answers to texts that rows have no longer."""
    rows: int
    """Rows that enough people decided."""
    became: list[Became]
    people: list[Person]
    """Those who decided most rows first, at most 20."""
    others: int
    """Reviewers beyond these."""
    issues: list[Count]
    """What is wrong with rows, by how many answers say so."""
    shared: int
    """Rows that several people decided."""
    alpha: float | None
    """Krippendorff's, nominal (2011)."""
    pairs: list[Two]
    """Those with most rows in common first, at most 20."""
    scores: list[Beside]
    """Those that tell most first, at most 20."""
    cuts: list[Cuts]
    """Those whose proposed cut has the highest F1 first, at most 20."""
    edits: list[Edit]
    """At most 5."""
    disputed: list[Disputed]
    """At most 5, the most evenly split first."""
