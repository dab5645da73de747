"""What goes out to reviewers and what comes back, whatever tool they use: items out, answers in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from smoltalk.pipeline.model import Makes

Decision = Literal["keep", "edit", "drop"]
"""Of a conversation: fit for training, fit with the corrected answer, or not."""
Winner = Literal["a", "b", "tie", "both_bad"]
"""Of two answers, in the order in which they were shown."""
Status = Literal["submitted", "discarded", "draft"]

ISSUES = ("wrong", "incomplete", "off_topic", "unsafe", "bad_format", "bad_language", "unclear_question")
"""Labels for what is wrong with a conversation."""
MOST_STARS = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as text: calls of tools are spelt out."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Item:
    """What a reviewer sees of one row."""

    row: int
    """Its number in the ledger."""
    id: str
    mark: str
    """16 hex digits of what is shown: another text, another mark. Answers to another mark do not count."""
    makes: Makes
    turns: tuple[Turn, ...]
    """The conversation; of a pair, what was asked."""
    answers: tuple[str, ...] = ()
    """Of a pair, both answers in the order in which they are shown."""
    swapped: bool = False
    """Whether `a` is the rejected one. No reviewer sees this."""
    answer: str = ""
    """Of a conversation, the last answer: what a correction replaces."""
    tools: str = ""
    """The tools that the model was offered."""
    category: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """Scores, labels and what gates told, by column."""

    @property
    def name(self) -> str:
        """The id of this text of this row."""
        return f"{self.id}-{self.mark}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reviewer said of one item, the latest of what that reviewer said."""

    id: str
    mark: str
    reviewer: str
    status: Status
    values: Mapping[str, Any] = field(default_factory=dict)
    """`decision` or `winner`; `rating`, `issues`, `text` (the corrected answer), `comment`."""
    inserted_at: str = ""
    """ISO 8601, as the tool told it."""
    updated_at: str = ""
    origin: str = ""
    """Where it was given: a server's address, the name of a file."""
    owner: bool | None = None
    """Whether its reviewer is an owner of the server; None where no server says so, and the name does: `owner`."""

    @property
    def of_owner(self) -> bool:
        """Whether it is the owner's word."""
        return self.reviewer == "owner" if self.owner is None else self.owner


def mark_of(turns: Sequence[Turn], answers: Sequence[str], tools: str = "") -> str:
    """A mark of what is shown; the order of two answers does not count."""
    said: list[Any] = [[[turn.role, turn.content] for turn in turns], sorted(answers)]
    said += [tools] if tools else []
    return hashlib.blake2b(orjson.dumps(said), digest_size=8).hexdigest()


def swaps(run: str, row_id: str) -> bool:
    """Whether the better answer of a pair is shown as `b`: as good as random, and the same each time."""
    return bool(hashlib.blake2b(f"{run}\0{row_id}".encode(), digest_size=1).digest()[0] & 1)
