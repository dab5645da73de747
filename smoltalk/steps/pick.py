"""Pick one of some values for every row: a style, a task, a level."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from smoltalk import local_files
from smoltalk.contracts import Ask, Write
from smoltalk.document import read_text
from smoltalk.rows import Row

Value = str | int | float | bool
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Pick(Write):
    """Writes one of `of` into `column`, by a hash of the row's id: the same row always gets the same, at any time.

    Two picks of one row are independent of each other, since the column's name goes into the hash.
    """

    column: str = Field(min_length=1)
    """Where the value is kept."""
    of: Annotated[dict[str, Weight], Field(min_length=1)] | Annotated[tuple[Value, ...], Field(min_length=1)] | str
    """The values, as a list (all alike) or with weights (`{concise: 2, friendly: 1}`); or the path of a text file with
    a value on each line, relative to the working directory."""
    seed: int = 0
    """Another one deals the values anew."""

    @model_validator(mode="after")
    def _is_distinct(self) -> Self:
        if isinstance(self.of, tuple):
            said = [value if isinstance(value, str) else json.dumps(value) for value in self.of]
            if twice := [value for i, value in enumerate(said) if value in said[:i]]:
                weights = ", ".join(f"{value}: {said.count(value)}" for value in dict.fromkeys(said))
                raise ValueError(f"`of` names `{twice[0]}` twice; give weights instead: `of: {{{weights}}}`")
        return self

    def check(self) -> Iterator[str]:
        if isinstance(self.of, str) and not Path(self.of).is_file():
            yield local_files.missing(self.of, ".txt")
        elif not self._values:
            yield f"{self.of} holds no line to pick"

    def reads(self) -> frozenset[str]:
        return frozenset({"id"})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def values(self) -> dict[str, frozenset[str]]:
        """All that the column can be, as text."""
        return {self.column: frozenset(v if isinstance(v, str) else json.dumps(v) for v in self._values)}

    def identity(self) -> dict[str, Any]:
        """A file counts by its lines."""
        return {"column": self.column, "seed": self.seed, "of": [self._values, self._edges]}

    async def write(self, row: Row, ask: Ask) -> Row:
        said = f"{self.seed}\0{self.column}\0{row['id']}".encode()
        point = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big")
        place = next((i for i, edge in enumerate(self._edges) if point < edge), len(self._values) - 1)
        return {self.column: self._values[place]}

    @cached_property
    def _values(self) -> tuple[Value, ...]:
        if not isinstance(self.of, str):
            return tuple(self.of)
        if not Path(self.of).is_file():
            return ()
        lines = read_text(Path(self.of), "list of values, one a line").splitlines()
        return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))

    @cached_property
    def _edges(self) -> tuple[int, ...]:
        """Where each value's share of the hashes ends, of 2^64."""
        weights = list(self.of.values()) if isinstance(self.of, dict) else [1.0] * len(self._values)
        return tuple(int(edge / sum(weights) * 2**64) for edge in accumulate(weights))
