"""`--executor distilabel`: the same DAG on distilabel's own runner, for small compatibility runs.

That runner knows no target, keeps no journal and does not resume: it bears a fixed number of rows, and the gates judge
what comes back. A row whose columns came back None is `failed`; distilabel keeps no reason. Rows that cannot be read
are not given to it, and fail at their source as they do in the streaming executor.
"""

import asyncio
import io
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from smoltalk.dag.adapters import born, source_of
from smoltalk.dag.compile import compile_dag
from smoltalk.distil.door import quiet
from smoltalk.errors import FactoryError, Problem, RowFailed, UserError, WorldError
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.pipeline.labels import SOURCE, labelled_gates
from smoltalk.rows import Row
from smoltalk.run.folder import RunFolder, locked
from smoltalk.run.journal import Journal
from smoltalk.run.judging import Bench, Landed, NamedGate
from smoltalk.run.ledger import Books
from smoltalk.run.quotas import Quotas
from smoltalk.run.session import begin, finish

_THEIRS = {"distilabel_metadata", "model_name"}
"""Columns that distilabel's tasks add of themselves; the streaming executor has no use for them."""


def go_distilabel(pipeline: Pipeline, folder: RunFolder) -> Books:
    """Run once, judge, close the books.

    Raises `UserError` for engines that only the streaming executor can ask, and `WorldError` when the folder already
    holds a run or the runner fails.
    """
    if problems := list(_not_here(pipeline)):
        raise UserError(problems)
    if folder.exists():
        raise WorldError(
            f"{folder.path} already holds a run, and distilabel's runner cannot continue one",
            kept="everything in it",
            command="name another folder with --out, or leave out --executor",
        )
    rows = _rows_wanted(pipeline)
    with locked(folder):
        begin(pipeline, folder)
        made = _run(pipeline, rows)
        asyncio.run(_judge(pipeline, folder, made, rows))
        return finish(pipeline, folder)


def _not_here(pipeline: Pipeline) -> Iterator[Problem]:
    """Engines that need an executor which knows rows and places: distilabel's steps each keep engines of their own."""
    path, leave = str(pipeline.path), "leave out --executor distilabel"
    for step in pipeline.steps:
        for name in sorted(step.part.engines()):
            if members := pipeline.engines[name].part.members():
                sentence = f"`{step.name}` asks the pool `{name}`, and distilabel's runner cannot choose from a pool"
                yield Problem(path, step.line, sentence, f"name one engine ({', '.join(members)}), or {leave}")
    for name, engine in pipeline.engines.items():
        if engine.part.need(name, on_gpus=False) is not None:
            sentence = f"distilabel's runner would start `{name}` anew for every step and batch that asks it"
            yield Problem(path, engine.line, sentence, f"start it yourself and name it in `endpoint:`, or {leave}")


def _rows_wanted(pipeline: Pipeline) -> int | None:
    """Rows to bear; None where a stock generator knows its own end."""
    source, target = source_of(pipeline), pipeline.target
    known = [n for n in (source.size(), target.max_attempts) if n is not None]
    if target.accepted is not None:
        known.append(target.accepted)
    if not known and isinstance(pipeline.source.part, Stock):
        return None
    if not known:
        sentence = "distilabel's runner needs to know how many rows to bear: give `target.accepted` or `--rows`"
        raise UserError([Problem(str(pipeline.path), 0, sentence)])
    return min(known)


def _run(pipeline: Pipeline, rows: int | None) -> list[Row]:
    source = pipeline.source.part
    if not isinstance(source, Stock) and all(isinstance(found, RowFailed) for found in islice(source.rows(), rows)):
        return []  # a batch of no rows, and distilabel's runner waits for ever
    try:
        with TemporaryDirectory() as cache, quiet(), redirect_stdout(io.StringIO()):
            dag = compile_dag(pipeline, first_rows=rows, cache=Path(cache))
            distiset: Any = dag.run(use_cache=False)
        (leaf,) = distiset.values()
        return list(leaf["train"])
    except FactoryError:
        raise
    except Exception as error:
        raise WorldError(f"distilabel's runner failed: {type(error).__name__}: {error}") from error


async def _judge(pipeline: Pipeline, folder: RunFolder, made: list[Row], rows: int | None) -> None:
    journal = Journal(folder.database)
    gates = [NamedGate(label, gate) for label, gate in labelled_gates(pipeline)]
    everyone = Quotas(None, None)
    bench = Bench(gates, everyone, journal.fate, lambda share: None)
    failed = 0
    for index, landed in enumerate(_landed(pipeline, made, rows)):
        failed += landed is not None and landed.failure is not None
        bench.land(index, landed)
    bench.finish()
    why = bench.refused or _short(pipeline, bench.decided, rows, everyone.accepted.total(), failed)
    journal.note(state="stopped" if why else "complete", why=why, born=bench.decided)
    await journal.close()


def _landed(pipeline: Pipeline, made: list[Row], rows: int | None) -> Iterator[Landed | None]:
    """Each row the source has, as it ended: it could not be read, came back whole or with holes, or never came back.

    A stock generator is not run twice, and has no word for a row that cannot be read.
    """
    promised = [_Promise(step.part.writes() - _THEIRS, isinstance(step.part, Stock)) for step in pipeline.steps]
    if isinstance(pipeline.source.part, Stock):
        yield from (_came_back(row, promised) for row in made)
        return
    source, by_id = source_of(pipeline), {row["id"]: row for row in made}
    for index, found in enumerate(islice(source.rows(), rows)):
        if isinstance(found, RowFailed):
            found.where = SOURCE
            yield Landed(born(pipeline.name, index, dict.fromkeys(source.born_with())), found)
        else:
            back = by_id.get(born(pipeline.name, index, found)["id"])
            yield _came_back(back, promised) if back else None


class _Promise(NamedTuple):
    """What a step writes."""

    columns: frozenset[str]
    stock: bool

    def broken(self, row: Row) -> frozenset[str]:
        """The empty columns that say the row failed here: any of a stock step's; all of ours, since a step of ours may
        leave some empty, and writes None into each where it fails."""
        empty = frozenset(name for name in self.columns if row.get(name) is None)
        return empty if self.stock or empty == self.columns else frozenset()


def _came_back(row: Row, promised: Sequence[_Promise]) -> Landed:
    columns = {name: value for name, value in row.items() if name not in _THEIRS}
    gone = sorted(frozenset[str]().union(*(promise.broken(columns) for promise in promised)))
    if not gone:
        return Landed(columns)
    failure = RowFailed("none", f"distilabel returned None for {', '.join(gone)}")
    failure.where = "distilabel"
    return Landed(columns, failure)


def _short(pipeline: Pipeline, born: int, rows: int | None, accepted: int, failed: int) -> str:
    """Why the run fell short of what was asked; empty when it did not."""
    if rows is not None and born < rows:
        return f"distilabel's runner returned {born:,} of {rows:,} rows and says nothing of the others"
    if failed > pipeline.target.max_failed * born:
        return f"max_failed: {failed:,} of {born:,} rows failed"
    if accepted < (pipeline.target.accepted or 0):
        return f"distilabel's runner bore {born:,} rows and stops there"
    return ""
