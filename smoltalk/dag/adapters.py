"""Our sources, steps and engines as distilabel's own: subclasses that its DAG accepts and its runner can run.

No `from __future__ import annotations` here: it would hide `StepInput` from distilabel's signature checks.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Any

from smoltalk.contracts import Source
from smoltalk.distil.door import Dag, DagStep, GeneratorStep, GeneratorStepOutput, StepInput, StepOutput
from smoltalk.distil.plain import write_rows
from smoltalk.errors import RowFailed
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.rows import Row, row_id


def born(pipeline: str, index: int, columns: Row) -> Row:
    """A newborn row: its name, where it is from (the source's word, or the pipeline), and what its source says."""
    return {"source": pipeline, **columns, "id": row_id(pipeline, index, columns)}


class Birth(GeneratorStep):  # type: ignore[misc]
    """Our sources as a distilabel generator: rows get their `id` and `source` here."""

    part: Any
    pipeline_name: str
    first_rows: int | None = None
    """How many rows distilabel's own runner, which knows no target, is to bear."""

    @property
    def outputs(self) -> list[str]:
        return ["id", "source", *sorted(self.part.born_with())]

    def process(self, offset: int = 0) -> "GeneratorStepOutput":
        """Rows that cannot be read are left out: distilabel's runner has no word for them; whoever calls it does."""
        batch: list[Row] = []
        for index, row in islice(enumerate(self.part.rows()), offset, self.first_rows):
            if isinstance(row, RowFailed):
                continue
            if len(batch) == self.batch_size:
                yield batch, False
                batch = []
            batch.append(born(self.pipeline_name, index, row))
        yield batch, True


class Identify(DagStep):  # type: ignore[misc]
    """Names the rows of a stock generator, in the order they come."""

    pipeline_name: str
    given: int = 0

    @property
    def outputs(self) -> list[str]:
        return ["id", "source"]

    def process(self, inputs: StepInput) -> "StepOutput":
        start, self.given = self.given, self.given + len(inputs)
        yield [born(self.pipeline_name, index, row) for index, row in enumerate(inputs, start)]


class StockSource(Source):
    """A stock generator as a source: the streaming executor bears rows from its `process`."""

    stock: Any

    def writes(self) -> frozenset[str]:
        return frozenset(self.stock.writes())

    def identity(self) -> dict[str, Any]:
        return {"path": self.stock.path, "fields": self.stock.fields}

    def size(self) -> None:
        return None

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        with Dag(name="births"):
            step = self.stock.cls(**self.stock.fields)
        step.load()
        for batch, last in step.process_applying_mappings(offset=start):
            yield from batch
            if last:
                return


def source_of(pipeline: Pipeline) -> Source:
    """Where the pipeline's rows are born, whoever wrote it."""
    part = pipeline.source.part
    return StockSource(stock=part) if isinstance(part, Stock) else part


class Writing(DagStep):  # type: ignore[misc]
    """A step of ours as a distilabel step. The streaming executor takes `part` and walks rows through it one by one;
    distilabel's own runner calls `process`."""

    part: Any
    engine_parts: Any

    @property
    def inputs(self) -> list[str]:
        return sorted(self.part.reads())

    @property
    def outputs(self) -> list[str]:
        return sorted(self.part.writes())

    def process(self, inputs: StepInput) -> "StepOutput":
        yield asyncio.run(write_rows(self.part, self.engine_parts, inputs))
