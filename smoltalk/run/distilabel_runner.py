"""`--executor distilabel`: the same DAG on distilabel's own runner, for small compatibility runs.

That runner knows no target, keeps no journal and does not resume: it bears a fixed number of rows, and the gates judge
what comes back. A row whose columns came back None is `failed`; distilabel keeps no reason.
"""

import asyncio
import io
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from smoltalk.dag.adapters import source_of
from smoltalk.dag.compile import compile_dag
from smoltalk.distil.door import quiet
from smoltalk.errors import FactoryError, Problem, RowFailed, UserError, WorldError
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.pipeline.labels import labelled_gates
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
    """Run once, judge, close the books. Raises `WorldError` when the folder already holds a run or the runner fails."""
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
    promised = frozenset[str]().union(*(step.part.writes() for step in pipeline.steps)) - _THEIRS
    failed = 0
    for index, row in enumerate(made):
        columns = {name: value for name, value in row.items() if name not in _THEIRS}
        gone = sorted(name for name in promised if columns.get(name) is None)
        failure = RowFailed("none", f"distilabel returned None for {', '.join(gone)}") if gone else None
        if failure:
            failure.where = "distilabel"
            failed += 1
        bench.land(index, Landed(columns, failure))
    bench.finish()
    why = _short(pipeline, made, rows, everyone.accepted.total(), failed)
    journal.note(state="stopped" if why else "complete", why=why, born=bench.decided)
    await journal.close()


def _short(pipeline: Pipeline, made: list[Row], rows: int | None, accepted: int, failed: int) -> str:
    """Why the run fell short of what was asked; empty when it did not."""
    if rows is not None and len(made) < rows:
        return f"distilabel's runner returned {len(made):,} of {rows:,} rows and says nothing of the others"
    if failed > pipeline.target.max_failed * len(made):
        return f"max_failed: {failed:,} of {len(made):,} rows failed"
    if accepted < (pipeline.target.accepted or 0):
        return f"distilabel's runner bore {len(made):,} rows and stops there"
    return ""
