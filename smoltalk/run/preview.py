"""A few rows made for looking at, and what they say about a full run."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from smoltalk.dag.adapters import source_of
from smoltalk.errors import WorldError
from smoltalk.pipeline import Pipeline, Target
from smoltalk.rows import Row
from smoltalk.run import database
from smoltalk.run.folder import RunFolder
from smoltalk.run.journal import Fate
from smoltalk.run.ledger import Books, read_rows
from smoltalk.run.session import Opening, go

if TYPE_CHECKING:
    from smoltalk.run.stream import Stream


@dataclass(frozen=True, slots=True)
class Projection:
    """A full run, if every row were like those of the preview. Figures are estimates from `sample` rows."""

    sample: int
    accepted: int
    rows: int | None
    """Rows that will be born; None when nothing tells."""
    tokens: int | None
    seconds: float | None


def preview(
    pipeline: Pipeline, n: int, watch: "Callable[[Stream], asyncio.Task[None] | None]"
) -> tuple[list[tuple[Fate, Row]], Books]:
    """`n` rows through the whole pipeline, in a folder that is gone afterwards.

    The run ends after `n` rows, so gates that want a sample take what there is.
    """
    short = replace(pipeline, target=Target(max_attempts=n, max_failed=1.0))
    with tempfile.TemporaryDirectory(prefix="smoltalk-preview-") as place:
        folder = RunFolder(Path(place))
        try:
            books = go(short, folder, opened=_unheard, watch=watch)
        except WorldError as error:
            raise WorldError(error.sentence, kept="nothing: a preview keeps nothing") from error
        with closing(database.connect(folder.database)) as connection:
            return list(read_rows(connection)), books


def _unheard(opening: Opening) -> None:
    return None


def project(pipeline: Pipeline, books: Books) -> Projection:
    """What the pipeline's own target will take, from the books of a preview."""
    judged = books.accepted + books.rejected + books.failed
    rows = _rows(pipeline, books.accepted / judged if judged else 0.0)
    if rows is None or not judged:
        return Projection(judged, books.accepted, rows, None, None)
    return Projection(judged, books.accepted, rows, ceil(books.tokens / judged * rows), books.seconds / judged * rows)


def _rows(pipeline: Pipeline, acceptance: float) -> int | None:
    target = pipeline.target
    limits = [n for n in (source_of(pipeline).size(), target.max_attempts) if n is not None]
    if target.accepted is not None:
        limits += [ceil(target.accepted / acceptance)] if acceptance else []
    return min(limits, default=None)
