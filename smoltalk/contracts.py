"""The five things the factory is made of, on one page: Engine, Step, Gate, Verifier, and what they hand each other.

Steps write columns, gates read columns, and every row ends in exactly one place.
Everything here is named in YAML as `file_name: {fields}`: the class is the config.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from smoltalk.described import Described
from smoltalk.errors import RowFailed
from smoltalk.requests import Reply, Request
from smoltalk.rows import Conversation, Row

if TYPE_CHECKING:
    from smoltalk.placement import Need, Place

T = TypeVar("T")

Role = Literal["assistant", "user"]
"""Whose turn an engine writes."""


class Part(Described):
    """Anything that YAML can name. Its fields are its options; unknown ones are refused."""

    def check(self) -> Iterator[str]:
        """Mistakes that fields alone cannot show, a sentence each. No model, no network."""
        return iter(())

    def __deepcopy__(self, memo: object = None) -> Self:
        """A part never changes, so it is its own copy."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """A part is its fields: what it has cached (compiled templates, loaded models) does not travel."""
        return type(self).model_validate, (self.model_dump(),)


# ---------------------------------------------------------------- engines


class Engine(Part, ABC):
    """A named model. Declared once, started once, shared by every step; knows nothing of rows."""

    max_in_flight: int = Field(default=64, gt=0)
    """Requests this engine is given at once, over all steps that share it."""

    kind: ClassVar[Literal["completes", "scores", "embeds"]] = "completes"

    def identity(self) -> dict[str, Any]:
        """The fields that change what it replies (not how fast): part of every reply's journal key."""
        return self.model_dump(mode="json", exclude={"max_in_flight"})

    def members(self) -> tuple[str, ...]:
        """Names of other engines of the pipeline that it asks in its turn."""
        return ()

    def cannot_write(self, role: Role) -> str:
        """Why it cannot write turns of this role, a clause for `check` to quote; empty when it can."""
        return ""

    def plan(self) -> str:
        """One line for `check`: what will be loaded, and where."""
        return type(self).__name__.lower()

    def gauges(self) -> dict[str, float]:
        """What the server says of itself now (`cache_hit_rate`, `running`, `waiting`), and how many of its servers are
        `down` and were started again (`restarts`); {} where nothing is known."""
        return {}

    def need(self, name: str, on_gpus: bool) -> "Need | None":
        """GPUs and memory it takes, under its name in the pipeline; None for one that can run beside anything."""
        return None

    def settle(self, places: "Sequence[Place]") -> None:
        """Where it is to run, a place for each replica; called before `start`."""

    @abstractmethod
    async def start(self, folder: Path) -> None:
        """Load or connect; logs go under `folder`. Raises `WorldError` with what to change."""

    @abstractmethod
    async def stop(self) -> None:
        """Leave nothing behind. Safe to call twice, and before `start`."""

    async def complete(self, request: Request) -> Reply:
        """Write one turn. Raises `WorldError` when the engine is gone; never returns half a reply unmarked."""
        raise TypeError(f"{type(self).__name__} does not complete")

    async def score(self, messages: Conversation) -> Reply:
        """Score a whole conversation, higher is better; `Reply.finish` is `score`."""
        raise TypeError(f"{type(self).__name__} does not score")

    async def embed(self, text: str) -> Reply:
        """The text's direction in the model's space, of length 1; `Reply.finish` is `vector`."""
        raise TypeError(f"{type(self).__name__} does not embed")


# ---------------------------------------------------------------- steps


class Ask(Protocol):
    """A step's only way to an engine. Budget, journal, attempts and counting happen behind it."""

    async def __call__(
        self,
        engine: str,
        request: Request,
        parse: Callable[[Reply], T],
        *,
        turn: int = 0,
        attempts: int = 3,
    ) -> T:
        """Ask until `parse` takes the reply; `BadReply` counts and asks again.

        `turn` tells a step's requests for one row apart. Raises `RowFailed` after the last attempt.
        """

    async def score(self, engine: str, messages: Conversation, *, turn: int = 0) -> float:
        """The engine's score of a conversation."""

    async def embed(self, engine: str, text: str, *, turn: int = 0) -> list[float]:
        """The engine's vector for a text; the dot product of two is their cosine."""


class Step(Part, ABC):
    """Writes columns; never drops a row."""

    @abstractmethod
    def reads(self) -> frozenset[str]:
        """Columns that must be there before it can run."""

    @abstractmethod
    def writes(self) -> frozenset[str]:
        """Columns it adds."""

    def engines(self) -> frozenset[str]:
        """Names of the engines it asks."""
        return frozenset()

    def roles(self) -> frozenset[Role]:
        """Whose turns it asks of engines that complete."""
        return frozenset({"assistant"})

    def says(self) -> Mapping[str, str]:
        """What it says to engines, by name, as its author wrote it: goes on the dataset card."""
        return {}

    def identity(self) -> dict[str, Any]:
        """What, when edited, makes earlier replies of this step void. Templates add their text."""
        return self.model_dump(mode="json")


class Source(Step):
    """Where rows are born. Always the first step; one that is also a `Write` fills the rows it bears (Magpie)."""

    def reads(self) -> frozenset[str]:
        return frozenset()

    def born_with(self) -> frozenset[str]:
        """Columns a row has at birth."""
        return self.writes()

    def shares(self) -> tuple[str, Mapping[str, float]] | None:
        """A birth column and the share of accepted rows each of its values should get, or None."""
        return None

    @abstractmethod
    def size(self) -> int | None:
        """How many rows there are (None: it never ends). May open files; called when a run starts."""

    @abstractmethod
    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        """Columns of row `start`, `start + 1`, ... A `RowFailed` stands for one that cannot be read."""

    def fingerprint(self) -> str:
        """What, when changed, makes these other rows: names in YAML, and size and hash of local files."""
        return json.dumps(self.identity(), sort_keys=True)


class Write(Step):
    """One row in, its new columns out; may ask engines. The usual step."""

    @abstractmethod
    async def write(self, row: Row, ask: Ask) -> Row:
        """The new columns. Raises `RowFailed` when this row cannot have them."""


class BatchWrite(Step):
    """For work that only pays in batches: runs on micro-batches, off the event loop."""

    batch_size: int = Field(default=64, gt=0)

    @abstractmethod
    def write_batch(self, rows: Sequence[Row]) -> list[Row]:
        """The new columns of each row, in order."""


# ---------------------------------------------------------------- gates and verifiers


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate's word on one row."""

    keep: bool
    reason: str = ""
    """A short countable label, e.g. `too_short`."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """What a person needs to agree or disagree."""


KEEP = Verdict(True)


class Judge(Protocol):
    """A gate at work in one run; may remember earlier rows."""

    def judge(self, row: Row) -> Verdict:
        """Keep or not, why, and the evidence. The same row after the same past gets the same verdict.

        Raises `CannotJudge` where its verdicts would mean nothing: the run stops before this row, its books closed.
        """


class Gate(Part, ABC):
    """Reads columns and decides; never changes a row.

    Rows come in row order, whatever the timing, so a gate that compares rows is deterministic.
    """

    tells: ClassVar[Mapping[str, type[Any]]] = {}
    """Evidence that it gives of rows it keeps too, and of which type: `keep: [gate.key]` publishes it."""

    @abstractmethod
    def reads(self) -> frozenset[str]:
        """Columns it needs."""

    def identity(self) -> dict[str, Any]:
        """What, when edited, may change a verdict. One that compares with files adds what these hold."""
        return self.model_dump(mode="json")

    def calibrates_on(self) -> int:
        """How many rows it must see before its first verdict (to place a quantile); 0 for none."""
        return 0

    @abstractmethod
    def open(self, sample: Sequence[Row] = ()) -> Judge:
        """Start judging one run; `sample` holds the first `calibrates_on()` rows, or all there are."""


class RowGate(Gate):
    """A gate that needs one row and no memory: it is its own judge."""

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        return self

    @abstractmethod
    def judge(self, row: Row) -> Verdict:
        """Keep or not, why, and the evidence."""


class Outcome(BaseModel):
    """A verifier's word."""

    model_config = ConfigDict(frozen=True)

    verdict: Literal["pass", "fail", "unknown"]
    reason: str = ""


class Verifier(Part, ABC):
    """Says whether an answer is right, by code; never calls a model."""

    slow: ClassVar[bool] = False
    """Whether it takes long enough to work beside the event loop: one that runs programs."""

    @abstractmethod
    def reads(self) -> frozenset[str]:
        """Columns it needs."""

    @abstractmethod
    def verify(self, row: Row) -> Outcome:
        """Pass, fail, or unknown, with the reason."""
