"""What the report says of duplicates, benchmark items and tell-tale phrases."""

from dataclasses import dataclass
from typing import Literal

from smoltalk.reporting.figures import Count


@dataclass(frozen=True, slots=True)
class Cluster:
    """A row that stayed, and the rows turned away because they say the same."""

    gate: str
    kind: Literal["exact", "near", "semantic"]
    row: str
    """Id of the row that stayed."""
    text: str
    """Its words, cut."""
    size: int
    """Rows turned away for it."""
    members: list[tuple[str, float, str]]
    """(id, similarity, the row's words, cut): at most 5."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What duplicate gates found, and what is left."""

    clusters: list[Cluster]
    """The 20 biggest."""
    found: list[Count]
    """Rows turned away by each duplicate gate."""
    sizes: list[Count]
    """Clusters by size: `2`, `3-5`, `6-10`, `11-100`, `more`; rows of a cluster, the one that stayed with them."""
    sample: int
    """Accepted rows among which duplicates were looked for."""
    left_exact: int
    """Rows of the sample that equal an earlier one but for case, space and Unicode form."""
    left_near: int
    """Rows of the sample that share at least `threshold` of their word 3-grams with an earlier one."""
    left_prompts: int
    """Rows of the sample whose first user turn is nearly that of an earlier one."""
    threshold: float
    pairs: list[tuple[float, str, str, str, str]]
    """(similarity, id, text, id, text): at most 10 of what is left, texts cut."""


@dataclass(frozen=True, slots=True)
class Contamination:
    """What was found of one benchmark."""

    benchmark: str
    gate: str
    items: int
    """Different items found."""
    rows: int
    kinds: list[Count]
    """Rows by kind: `exact`, `edited`, `numbers_changed`, `partial`, `n_gram`."""
    quote: str
    """The words of one row, cut; "" when nothing was found."""
    quoted_row: str
    quoted_item: str
    score: float
    """Share of the item in that row."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A tell-tale phrase, counted in the assistant's turns (of pairs: the chosen answers)."""

    phrase: str
    group: str
    """`refusal`, `opening`, `closing`, `vocabulary`, `construction`, `punctuation`."""
    unit: Literal["per 1,000 rows", "per 1,000 words"]
    rate: float
    reference: float | None
    """The same in the reference; None where it was not measured."""
    ratio: float | None
    """What was found over what the reference leads to expect, both with half an occurrence added, so that little data
    gives about 1; None without a reference, or where fewer than three rows hold it both here and there."""
    rows: int
    """Rows that hold it."""
    example: str
    """Words around one of them, cut; "" when there is none."""
    example_row: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """Tell-tale phrases of machine text, against a reference."""

    phrases: list[Phrase]
    """Those most over their reference first."""
    rows: int
    """Rows looked at."""
    words: int
    reference: str
    """What the reference is, with its size, source and licence: a sentence or two."""
    index: float | None
    """What was found over what the reference leads to expect, of all phrases of a group together (punctuation left
    out), and of groups the geometric mean: 1 is like the reference; None without one."""
