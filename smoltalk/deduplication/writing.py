"""A part's rows on disk: those that stay, those that repeat another, and lines that are no rows."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa

from smoltalk.decontamination.added import added, unmarked
from smoltalk.decontamination.folder import OutFolder
from smoltalk.decontamination.lines import Unreadable
from smoltalk.decontamination.row_files import RowFiles

if TYPE_CHECKING:
    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.near import Found


class Ruling(NamedTuple):
    """What was found of a batch's rows, and who the earlier rows are."""

    found: "Found"
    names: "Names"
    dataset: Callable[[int], str]
    semantic: bool
    """Whether kept rows say how near their nearest neighbour is."""


class PartFiles:
    """A part's files, opened when they get their first row and named when all is written; none for a part `written`.

    Duplicates get the columns `duplicate_of` (the id of the row that stays), `duplicate_in` (the other dataset it is
    in, or null) and `similarity`; rows that stay get `nearest` and `nearest_distance` (1 - cosine) where vectors were
    compared. A column of that name which is there already keeps it, and ours gets a `_` behind it.
    """

    def __init__(self, folder: OutFolder, number: int, written: bool) -> None:
        self._folder, self._number, self._written = folder, number, written
        self._unreadable: list[Unreadable] = []
        self._stack = ExitStack()
        self._rows: RowFiles | None = None

    def __enter__(self) -> Self:
        if not self._written:
            self._rows = RowFiles(self._number, self._folder, self._stack)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None and self._unreadable and not self._written:
            place = self._folder.rows("unreadable", self._number)
            with self._folder.replacing(place) as new, new.open("wb") as stream:
                stream.writelines(one.line.rstrip(b"\n") + b"\n" for one in self._unreadable)
        self._stack.__exit__(kind, error, trace)  # type: ignore[arg-type]

    def set_aside(self, lines: Sequence[Unreadable]) -> None:
        """Lines that are no rows."""
        self._unreadable += lines

    def add(self, batch: pa.RecordBatch, ruling: Ruling) -> None:
        """A batch's rows, each to its side."""
        if self._rows is None:
            return
        batch, earlier = unmarked(batch), ruling.found.earlier
        stays, repeats = np.flatnonzero(earlier < 0), np.flatnonzero(earlier >= 0)
        kept, nearest = batch.take(pa.array(stays)) if len(repeats) else batch, ruling.found.nearest[stays]
        if ruling.semantic:
            near = [ruling.names[int(head)] if head >= 0 else None for head in nearest]
            distance = np.round(1 - ruling.found.similarity[stays].astype(np.float64), 6)
            kept = added(kept, "nearest", pa.array(near, pa.string()))
            kept = added(kept, "nearest_distance", pa.array(distance, pa.float64(), mask=nearest < 0))
        self._write("kept", kept)
        if not len(repeats):
            return
        heads = earlier[repeats].tolist()
        rows = batch.take(pa.array(repeats))
        rows = added(rows, "duplicate_of", pa.array([ruling.names[head] for head in heads], pa.string()))
        rows = added(rows, "duplicate_in", pa.array([ruling.dataset(head) or None for head in heads], pa.string()))
        similarity = np.round(ruling.found.similarity[repeats].astype(np.float64), 4)
        self._write("duplicates", added(rows, "similarity", pa.array(similarity)))

    def _write(self, side: str, rows: pa.RecordBatch) -> None:
        if rows.num_rows and self._rows is not None:
            self._rows.write(side, rows)
