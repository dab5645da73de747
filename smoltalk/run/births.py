"""The rows a source bears, and that they come to an end where a step waits for the last of them."""

from collections.abc import Iterator
from itertools import islice

from smoltalk.contracts import Source
from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.rows import Row


def births(source: Source, start: int = 0) -> Iterator[Row | RowFailed]:
    """Rows from index `start` to the source's size, or for ever."""
    rows, size = source.rows(start), source.size()
    yield from rows if size is None else islice(rows, max(size - start, 0))


def must_end(pipeline: Pipeline, source: Source) -> None:
    """For a pipeline with a global step. Raises `UserError` when its rows never end."""
    stock = isinstance(pipeline.source.part, Stock)
    if not stock and source.size() is None and pipeline.target.max_attempts is None:
        sentence = "a global step needs every row at once, and this source never ends: give `target.max_attempts`"
        raise UserError([Problem(str(pipeline.path), pipeline.source.line, sentence)])
