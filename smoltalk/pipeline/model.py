"""What a pipeline YAML is once it is read: plain frozen data, every part with its line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field

from smoltalk.catalog import find
from smoltalk.contracts import Engine, Gate, Part, Role, Source, Step, Write

T = TypeVar("T")

BORN_WITH = frozenset({"id", "source"})
"""Columns every row has, whatever its source."""

Makes: TypeAlias = Literal["sft", "dpo"]
TRAINED_ON: dict[Makes, tuple[str, ...]] = {"sft": ("messages",), "dpo": ("prompt", "chosen", "rejected")}
"""For each form of a dataset the columns that trainers read: each is published as a conversation, or a part of one."""

_LEAST_WINDOW = 256
_MOST = 2**53
"""More than anybody can make, and what every program that reads JSON can still count to."""


class Target(Part):
    """When a run is done (`accepted`), and what ends it before that."""

    accepted: int | None = Field(default=None, gt=0, le=_MOST)
    """Rows that must pass every gate; none: every row the source has is tried once."""
    max_attempts: int | None = Field(default=None, gt=0, le=_MOST)
    """Rows born at most."""
    max_tokens: int | None = Field(default=None, gt=0, le=_MOST)
    """Tokens read and written by all engines at most."""
    max_hours: float | None = Field(default=None, gt=0)
    """Hours of work at most, over all continuations of a run."""
    max_cost: float | None = Field(default=None, gt=0)
    """Money at most, in the currency of the engines' price tables."""
    max_failed: float = Field(default=0.5, ge=0, le=1)
    """Share of the rows born that may fail before the run stops; counted from 50 rows on."""


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A part and where the file names it."""

    part: T
    line: int
    name: str
    """What the file calls it; for an engine its own name, not its class's."""
    path: str
    """Where it stands: `steps.0.magpie`."""


@dataclass(frozen=True)
class Stock:
    """A distilabel step named by its import path; `llm` in its fields is the name of one of our engines."""

    path: str
    fields: dict[str, Any]
    line: int
    kinds: tuple[str, ...] = ()
    """Names of its class and the classes it inherits from."""
    columns: tuple[frozenset[str], frozenset[str]] | None = None
    """What it reads and writes; None when it cannot be told before it runs."""

    @cached_property
    def cls(self) -> type[Any]:
        """The class itself; imports distilabel."""
        return find("steps", self.path)

    @property
    def bears_rows(self) -> bool:
        """Whether it is one of distilabel's generator steps."""
        return "GeneratorStep" in self.kinds

    def reads(self) -> frozenset[str]:
        return self.columns[0] if self.columns else frozenset()

    def writes(self) -> frozenset[str]:
        return self.columns[1] if self.columns else frozenset()

    def engines(self) -> frozenset[str]:
        llm = self.fields.get("llm")
        return frozenset({llm}) if isinstance(llm, str) else frozenset()

    def roles(self) -> frozenset[Role]:
        return frozenset({"assistant"})

    def identity(self) -> dict[str, Any]:
        return {"path": self.path, "fields": self.fields}


AnyStep: TypeAlias = Step | Stock


@dataclass(frozen=True)
class Pipeline:
    """One dataset's making. Immutable; `load` is the only place that builds one."""

    path: Path
    text: str
    """The file as it was loaded, before `settings`."""
    settings: dict[str, str]
    """What `--set` changed: `target.accepted` → `100`."""
    name: str
    engines: dict[str, Placed[Engine]]
    source: Placed[Source | Stock]
    steps: tuple[Placed[AnyStep], ...]
    """Everything that writes columns after birth, in the file's order; a source that also writes is the first."""
    gates: tuple[Placed[Gate], ...]
    target: Target
    description: str = ""
    licence: str | None = None
    language: str | None = None
    seed: int = 0
    makes: Makes = "sft"
    keep: tuple[str, ...] = ()
    """Columns that published rows keep, and evidence of gates as `gate.key`; see `pipeline.kept`."""
    card: str | None = None
    """The template of the dataset card; None for the shipped one."""
    rows_in_flight: int | None = None
    home: Path = field(default_factory=Path.cwd)
    """The working directory it was first given in: relative data paths start there, wherever its run goes on."""

    @property
    def mixes(self) -> bool:
        """Whether it makes one dataset of others."""
        return self.source.path == "mix"  # every other source stands in `steps`

    @cached_property
    def born_with(self) -> frozenset[str]:
        """Columns a row has before the first step."""
        source = self.source.part
        return BORN_WITH | (source.writes() if isinstance(source, Stock) else source.born_with())

    @cached_property
    def window(self) -> int:
        """Rows worked on at once at most. Twice what the engines take: of a row, one request at a time is asked, and in
        between it waits for the journal."""
        if self.rows_in_flight is not None:
            return self.rows_in_flight
        taken = sum(self.engines[names[0]].part.max_in_flight for names in self.merged_engines())
        return max(_LEAST_WINDOW, 2 * taken)

    def asked(self, names: Iterable[str]) -> list[str]:
        """These engines and all that they ask in their turn, sorted."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.engines[name].part.members()
        return sorted(found)

    def merged_engines(self) -> list[list[str]]:
        """Names of engines, together where they are one model in one place: same class, same fields.

        First of each stands the name whose engine takes the most in flight: it is the one that runs.
        """
        groups: dict[str, list[str]] = {}
        for name, placed in self.engines.items():
            kind = type(placed.part)
            fields = placed.part.model_dump(mode="json", exclude={"max_in_flight"})
            model = [kind.__module__, kind.__name__, fields, placed.part.identity()]
            same = json.dumps(model, sort_keys=True, default=str)
            groups.setdefault(same, []).append(name)
        return [sorted(names, key=lambda name: -self.engines[name].part.max_in_flight) for names in groups.values()]

    def writers(self) -> dict[str, int]:
        """Index into `steps` of the step that writes each column; columns a row is born with are not in it."""
        found: dict[str, int] = {}
        for i, step in enumerate(self.steps):
            for column in step.part.writes() - self.born_with:
                found.setdefault(column, i)
        return found

    def edges(self) -> tuple[frozenset[int], ...]:
        """For each step the indices of the steps it waits for. Empty: it can start when the row is born."""
        writers = self.writers()
        return tuple(
            frozenset(writers[c] for c in step.part.reads() if writers.get(c, i) < i)
            for i, step in enumerate(self.steps)
        )

    def levels(self) -> tuple[tuple[int, ...], ...]:
        """Steps grouped so that each level waits only for earlier ones."""
        depth: list[int] = []
        for needs in self.edges():
            depth.append(1 + max((depth[n] for n in needs), default=-1))
        return tuple(tuple(i for i, d in enumerate(depth) if d == level) for level in range(max(depth, default=-1) + 1))


def fills_rows(source: Source | Stock) -> bool:
    """Whether a source is also a step that writes columns of the rows it bears."""
    return isinstance(source, Write)
