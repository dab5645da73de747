"""What an evaluation came to, as it is written down: figures with intervals, and models beside each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from smoltalk.errors import Problem, UserError
from smoltalk.eval.intervals import Difference, Estimate
from smoltalk.eval.task import Mark
from smoltalk.whole_file import replacing, write_whole


@dataclass(frozen=True, slots=True)
class Score:
    """A model's figure on one metric, of all items or of one group of them."""

    model: str
    task: str
    metric: str
    unit: str
    lower: bool | None
    """Whether less is better; None where neither is."""
    group: str
    """"" for all items."""
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Versus:
    """A model's figure less another's, item by item."""

    model: str
    against: str
    task: str
    metric: str
    unit: str
    lower: bool | None
    difference: Difference
    adjusted: float
    """The p-value among all comparisons of headline metrics made here (Holm)."""


@dataclass(frozen=True, slots=True)
class Duel:
    """What a judge said of two models together."""

    model: str
    against: str
    task: str
    metric: str
    estimate: Estimate
    p: float | None
    """Of a win rate: how often one this far from a half would come of equals."""
    adjusted: float | None = None
    """The same among all win rates here (Holm)."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Items of a task that count in no figure of a model."""

    model: str
    task: str
    items: int
    of: int
    why: str
    """Of most of them."""


@dataclass(slots=True)
class Results:
    """All of it."""

    models: list[dict[str, str]] = field(default_factory=list)
    """`name`, `given` (as the user named it) and `plan` (what ran it)."""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The fields of each task, and which class it is of, under `task`."""
    scores: list[Score] = field(default_factory=list)
    versus: list[Versus] = field(default_factory=list)
    duels: list[Duel] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    judge: str = ""
    seconds: float = 0.0
    kept: int = 0
    """Replies, and conversations that were weighed, that an earlier call had written down."""

    def score(self, model: str, task: str, metric: str, group: str = "") -> Score | None:
        """One figure."""
        wanted = (model, task, metric, group)
        return next((one for one in self.scores if (one.model, one.task, one.metric, one.group) == wanted), None)

    def write(self, path: Path) -> None:
        """As JSON, whole or not at all. Raises `OSError`."""
        write_whole(path, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Results":
        """From JSON. Raises `UserError` for a file that is not of this form."""
        try:
            found = json.loads(path.read_bytes())
            scores = [Score(**{**one, "estimate": Estimate(**one["estimate"])}) for one in found["scores"]]
            versus = [Versus(**{**one, "difference": Difference(**one["difference"])}) for one in found["versus"]]
            duels = [Duel(**{**one, "estimate": Estimate(**one["estimate"])}) for one in found["duels"]]
            left_out = [LeftOut(**one) for one in found["left_out"]]
            rest = {name: found[name] for name in ("models", "tasks", "judge", "seconds", "kept")}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError([Problem(str(path), 0, f"holds no results of `smoltalk eval`: {error}")]) from None
        return cls(scores=scores, versus=versus, duels=duels, left_out=left_out, **rest)


def write_marks(path: Path, marks: Mapping[tuple[str, str], Sequence[Mark]]) -> None:
    """Every item's mark, by (task, model), a line each, for people and for tests of one's own. Raises `OSError`."""
    with replacing(path) as new, new.open("w", encoding="utf-8", errors="backslashreplace") as file:
        for (task, model), some in marks.items():
            for mark in some:
                file.write(json.dumps({"task": task, "model": model, **asdict(mark)}, ensure_ascii=False) + "\n")
