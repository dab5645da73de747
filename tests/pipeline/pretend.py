"""Parts for the tests of this folder, named in YAML by import path."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from smoltalk.contracts import KEEP, Engine, RowGate, Source, Verdict
from smoltalk.rows import Row


class Talker(Engine):
    """Completes, never started."""

    model: str = "small"

    def plan(self) -> str:
        return f"pretend {self.model}"

    async def start(self, folder: Path) -> None: ...

    async def stop(self) -> None: ...


class Scorer(Talker):
    """Scores, never started."""

    kind: ClassVar[Literal["completes", "scores"]] = "scores"


class Questions(Source):
    """Three rows with questions, and answers."""

    columns: tuple[str, ...] = ("instruction", "response")

    def writes(self) -> frozenset[str]:
        return frozenset(self.columns)

    def size(self) -> int:
        return 3

    def rows(self, start: int = 0) -> Iterator[Row]:
        return ({column: f"{column} {i}" for column in self.columns} for i in range(start, 3))


class Keep(RowGate):
    """Keeps every row, and says what it reads."""

    columns: frozenset[str] = frozenset()
    complaints: tuple[str, ...] = ()

    def check(self) -> Iterator[str]:
        yield from self.complaints

    def reads(self) -> frozenset[str]:
        return self.columns

    def judge(self, row: Row) -> Verdict:
        return KEEP


NOT_A_CLASS = 1
