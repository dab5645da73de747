"""Everything the report page shows, as plain numbers, short texts and samples: its size does not grow with the rows.

All counts are rows unless named otherwise; all shares are 0 to 1; all texts are untrusted and must be escaped.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from smoltalk.reporting.figures import Count, Degenerate, Histogram, Labels, Lengths, Numbers
from smoltalk.reporting.machinery import EngineFacts, Moment, StepTime
from smoltalk.reporting.people import People
from smoltalk.reporting.suspicions import Cluster, Contamination, Duplicates, Phrase, Phrases
from smoltalk.reporting.variety import Distinct, Diversity, Languages, Opening, Pairs

__all__ = [
    "SHOWN",
    "SHOWN_ROW",
    "Cluster",
    "Contamination",
    "Count",
    "Degenerate",
    "Distinct",
    "Diversity",
    "Duplicates",
    "EngineFacts",
    "Fate",
    "Findings",
    "FunnelStage",
    "Histogram",
    "Labels",
    "Languages",
    "Lengths",
    "Moment",
    "Numbers",
    "Opening",
    "Origin",
    "Overview",
    "Pairs",
    "People",
    "Phrase",
    "Phrases",
    "Reason",
    "Remark",
    "Sample",
    "StepTime",
    "Turn",
]

Fate = Literal["accepted", "rejected", "failed", "pending"]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reader should look at first."""

    level: Literal["alarm", "warning", "note"]
    section: str
    """The field of `Findings` it is about: `columns`, `duplicates`, ..."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What was run, and how it ended."""

    name: str
    description: str
    makes: Literal["sft", "dpo"]
    licence: str
    """Of the dataset; "" when not stated."""
    state: str
    """`complete`, `stopped`, `interrupted`, `running` or `new`."""
    why: str
    """Why it stopped, a clause; "" otherwise."""
    is_mixture: bool
    born: int
    accepted: int
    rejected: int
    failed: int
    target: int | None
    """Accepted rows asked for; of a mixture, over all its sources."""
    seconds: float
    """Time spent on the run."""
    tokens_in: int
    """Over all engines."""
    tokens_out: int
    cost: float
    """In the currency of the price tables; 0 where no engine tells a price."""
    seed: int
    command: str
    made_with: list[tuple[str, str]]
    """(name, version): smoltalk, python, system, packages that matter."""
    pipeline: str
    """The YAML as run, without secrets, cut to 60,000 characters."""
    rows_looked_at: int
    """Accepted rows whose texts were measured."""
    gathered_in: float
    """Seconds that the gathering took."""
    pending: int = 0
    """Rows held back until people have looked at them."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of a gate or a step, and how many rows it turned away."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """A gate, or the steps in which rows failed, in the order rows meet them."""

    label: str
    fate: Literal["rejected", "failed", "pending"]
    """What became of the rows that left here."""
    came: int
    """Rows that reached it."""
    left: int
    """Rows that it turned away."""
    reasons: list[Reason]
    """Largest first; at most 20, then `others`."""

    @property
    def name(self) -> str:
        """What it is called on the page: a gate of people turns rows away, and has others wait."""
        return f"{self.label} (pending)" if self.fate == "pending" else self.label


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows were born, and what became of them."""

    source: str
    born: int
    accepted: int
    rejected: int
    failed: int
    asked: int | None = None
    """Rows a mixture asked for of it."""
    beyond: int = 0
    """Of the rejected: rows of a mixture beyond the share asked for."""
    repeated: int = 0
    """Of the accepted: copies of rows."""
    words: float | None = None
    """Mean words of an accepted row."""
    turns: float | None = None
    """Mean turns of an accepted row."""
    pending: int = 0
    """Rows held back until people have looked at them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a sample."""

    role: str
    """`system`, `user`, `assistant`, `tool`; of pairs `chosen` and `rejected` too."""
    text: str
    """At most `SHOWN` characters."""
    cut: int = 0
    """Characters left out."""


SHOWN = 3_000
"""Characters of a turn that a sample shows; `SHOWN_ROW` over all turns of it."""
SHOWN_ROW = 8_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A row to look at."""

    id: str
    source: str
    split: str
    """"" for rows that were not accepted."""
    fate: Fate
    turns: list[Turn]
    turns_left_out: int
    columns: list[tuple[str, str]]
    """(name, value as text, at most 300 characters) of kept or judged columns, at most 20."""
    words: int
    gate: str = ""
    """The gate that rejected it, or the step in which it failed."""
    reason: str = ""
    evidence: list[tuple[str, str]] = field(default_factory=list)
    """(name, value as text, at most 500 characters)."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The whole report. Sections for which there is nothing are empty lists or None."""

    overview: Overview
    remarks: list[Remark]
    funnel: list[FunnelStage]
    splits: list[Count]
    origins: list[Origin]
    lengths: list[Lengths]
    length_note: str
    """What tokens were counted with, or that words stand in for them: a sentence."""
    labels: list[Labels]
    numbers: list[Numbers]
    columns_note: str
    """On how many rows the columns were counted: a sentence."""
    degenerate: list[Degenerate]
    duplicates: Duplicates | None
    contamination: list[Contamination]
    contamination_note: str
    """What was checked, and how, or that nothing was: a sentence."""
    phrases: Phrases | None
    diversity: Diversity | None
    languages: Languages | None
    engines: list[EngineFacts]
    steps: list[StepTime]
    moments: list[Moment]
    pairs: Pairs | None
    samples: list[Sample]
    """Accepted rows, at most 50, spread over sources and categories."""
    turned_away: list[Sample]
    """Rows that were not accepted, at most 50, spread over gates and reasons."""
    people: People | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain lists and dicts."""
        return asdict(self)
