"""Adds constraints that code can check to an instruction: some that fit together, drawn by the row's id."""

from collections.abc import Iterator
from random import Random
from typing import Self

from pydantic import Field, model_validator

from smoltalk.contracts import Ask, Write
from smoltalk.errors import Problem, RowFailed, UserError, nearest
from smoltalk.rows import Row

_STATED_FIRST = 0.15
"""Share of the rows whose constraints stand before the instruction."""
_REPEATS = "combination:repeat_prompt"
"""Speaks of the request above it."""


class SampleConstraints(Write):
    """Writes `constraints` (a list of `{id, kwargs}`), `constraint_text`, and the instruction that states them.

    The same row, seed and fields give the same, on any machine. Asks no engine.
    """

    of: str = "task"
    """The column of the instruction as it is without constraints."""
    into: str = "instruction"
    """The column of the instruction that states them."""
    relaxed: str | None = None
    """A column for the same instruction with one constraint left out: an answer to it is a likely reject (persona-IF).
    """
    min: int = Field(default=1, ge=1, le=8)
    max: int = Field(default=4, ge=1, le=8)
    """How many: at least `min` are drawn, fewer only where those chosen first leave no room."""
    among: tuple[str, ...] = ()
    """Ids, or families such as `keywords`, to draw from; all, when it is empty."""
    without: tuple[str, ...] = ()
    """Ids or families that are left out."""
    seed: int = 0

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        from smoltalk.constraints import constraints

        known = constraints()
        names = {*known, *(id.partition(":")[0] for id in known)}
        unknown = [name for name in (*self.among, *self.without) if name not in names]
        if unknown:
            raise UserError(
                [Problem("", 0, f"no constraint or family `{name}`", nearest(name, names)) for name in unknown]
            )
        return self

    def check(self) -> Iterator[str]:
        if self.min > self.max:
            yield f"`min` is {self.min} and `max` is {self.max}: nothing is between them"
        if not self._ids():
            yield "`without` leaves none of the constraints in `among`"
        columns = [self.of, self.into, self.relaxed, "constraints", "constraint_text"]
        if len(set(columns)) < len(columns):
            yield "`sample_constraints` needs different columns for what it reads and writes"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({"constraints", "constraint_text", self.into} | ({self.relaxed} if self.relaxed else set()))

    async def write(self, row: Row, ask: Ask) -> Row:
        from smoltalk.constraints import draw, stated

        task = row[self.of]
        if not isinstance(task, str) or not task.strip():
            raise RowFailed("missing", f"column `{self.of}` holds no instruction")
        rng = Random(f"{self.seed} {row['id']}")
        chosen = draw(rng, task, rng.randint(self.min, self.max), self._ids())
        first = rng.random() < _STATED_FIRST and all(one.id != _REPEATS for one in chosen)
        wording, gone = rng.getrandbits(32), rng.randrange(len(chosen))

        def full(kept: list[int]) -> tuple[str, str]:
            text = stated(Random(wording), [chosen[at] for at in kept]) if kept else ""
            parts = [text, task] if first else [task, text]
            return text, "\n\n".join(part for part in parts if part)

        text, instruction = full(list(range(len(chosen))))
        written = {
            "constraints": [{"id": one.id, "kwargs": one.kwargs()} for one in chosen],
            "constraint_text": text,
            self.into: instruction,
        }
        if self.relaxed:
            written[self.relaxed] = full([at for at in range(len(chosen)) if at != gone])[1]
        return written

    def _ids(self) -> list[str]:
        from smoltalk.constraints import constraints

        def named(id: str, names: tuple[str, ...]) -> bool:
            return id in names or id.partition(":")[0] in names

        return [id for id in constraints() if (not self.among or named(id, self.among)) and not named(id, self.without)]
