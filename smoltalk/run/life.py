"""What there is to tell about one row: its steps, what they asked and got, the gates' words, its end."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Attempt:
    """One reply, as it came."""

    attempt: int
    text: str
    finish: str
    tokens_in: int
    tokens_out: int
    seconds: float
    bad: str = ""
    """What was wrong with it; empty for a reply that was used."""
    reasoning: str = ""
    """What a thinking model thought, where its server kept it apart."""
    cost: float = 0.0
    cached: int = 0
    """Tokens of the prompt that the server had in its cache."""
    changed: str = ""
    """What it was asked otherwise than the attempt before: `max_tokens 1024`, or the complaint."""


@dataclass(slots=True)
class Asked:
    """One question of a step, and what came back."""

    engine: str
    turn: int
    role: str
    """Whose turn the engine was to write, or `score`; `model` where that cannot be told."""
    messages: list[Any]
    sampling: dict[str, Any] | None = None
    schema: dict[str, Any] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    """Empty: it was not asked."""


@dataclass(slots=True)
class Stage:
    """A step's part in the row's life."""

    step: str
    asked: list[Asked] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    failure: str = ""
    note: str = ""
    """Why there is less to tell than usual."""


@dataclass(slots=True)
class Ruling:
    """A gate's word: `kept`, `rejected`, `failed` or `not reached`."""

    gate: str
    ruling: str
    reason: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    """What it says of an accepted row; of a rejected one that is the life's `evidence`."""


@dataclass(slots=True)
class Life:
    """All there is to know about a row."""

    id: str
    row: int
    fate: str
    where: str
    reason: str
    evidence: dict[str, Any]
    born: dict[str, Any]
    steps: list[Stage]
    gates: list[Ruling]

    def as_json(self) -> dict[str, Any]:
        """What `trace --json` prints."""
        return asdict(self)
