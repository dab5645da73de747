"""The ledger's rows as Parquet: accepted ones under `data/`, the others under `rejected/`, a file for each gate.

Rows that wait for people are neither; they stand in the file of the gate `human`, as `awaits_review`.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson

from smoltalk.errors import Problem, UserError
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.kept import Kept, kept
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.pipeline.model import TRAINED_ON, Makes
from smoltalk.run.column_types import TEMPLATE_OPTIONS, ColumnType, Kinds, arrow
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import read_fate, read_rows
from smoltalk.run.parquet import ParquetFiles, calls_type, messages_type
from smoltalk.run.row_lines import Published, accepted_line, has_calls, other_line, values
from smoltalk.run.said import Said
from smoltalk.run.staging import Staged

_REJECT_BYTES = 4_000_000
"""Rejects have a file a gate, all open at once, so their row groups are smaller."""


def write_rows(
    pipeline: Pipeline, folder: RunFolder, connection: sqlite3.Connection, staged: Staged, place: str
) -> Published:
    """Write every decided row, in row order; memory does not grow with them.

    `place` is where a mistake in the pipeline is reported. Raises `OSError`, and `UserError` when accepted rows hold
    nothing that could be trained on.
    """
    published = Published(makes=pipeline.makes, with_calls=_calls(connection, TRAINED_ON[pipeline.makes]))
    published.said = Said(labelled_gates(pipeline))
    columns = [column for column in kept(pipeline) if column.name not in published.own]
    published.columns = _types(pipeline, connection, columns)
    if not isinstance(published.columns.get(TEMPLATE_OPTIONS, {}), Mapping):
        raise UserError([_no_options(place)])
    with ExitStack() as open_files:
        accepted = open_files.enter_context(_accepted(published, folder, staged))
        others = {
            label: open_files.enter_context(_others(folder.rejected / f"{name}.parquet", staged))
            for label, name in _reject_files(pipeline, connection).items()
        }
        empty: list[str] = []
        for fate, row in read_rows(connection):
            if fate.fate != "failed":
                published.said.see(row)
            if fate.fate == "accepted":
                if line := accepted_line(fate, row, columns, published):
                    accepted.add(line, len(fate.columns))
                else:
                    empty.append(fate.id)
            else:
                file = others[_FAILED if fate.fate == "failed" else fate.gate]
                file.add(other_line(fate, row), len(fate.columns) + len(fate.evidence))
    if empty:
        raise UserError([_nothing_to_train_on(place, pipeline.makes, empty)])
    staged.sweep(folder.data, "train-*.parquet")
    staged.sweep(folder.rejected, "*.parquet")
    return published


def _types(pipeline: Pipeline, connection: sqlite3.Connection, columns: list[Kept]) -> dict[str, ColumnType]:
    """A column that may hold any JSON value is JSON, also in a run whose values happen to be all of one type."""
    kinds = Kinds(column.name for column in columns)
    kinds.see({column.name: column.kind() for column in columns if column.kind})  # where a gate told it of no row
    if columns:
        for fate, row in read_rows(connection, "accepted"):
            kinds.see(values(fate, row, columns))
    any_json: set[str] = set()
    for step in pipeline.steps:
        any_json |= getattr(step.part, "json_columns", frozenset)()
    return kinds.types() | {column.name: "JSON" for column in columns if column.column in any_json}


def _calls(connection: sqlite3.Connection, said: Sequence[str]) -> bool:
    """Whether an accepted row calls functions in one of these columns; SQLite finds the few that may, and only
    these are parsed."""
    lines = connection.execute("SELECT * FROM rows WHERE fate = 'accepted' AND instr(columns, '\"tool_calls\"')")
    return any(has_calls(orjson.loads(read_fate(line).columns), said) for line in lines)


# ---------------------------------------------------------------- files

_FAILED = "\0failed"
"""Stands for the file of failed rows; no gate's label is like it."""


def _reject_files(pipeline: Pipeline, connection: sqlite3.Connection) -> dict[str, str]:
    """Gate label -> file name; a gate that is called `failed` makes way for the failed rows. People turn rows away in
    runs without a gate `human`, too."""
    labels = [label for label, _ in labelled_gates(pipeline)]
    if connection.execute("SELECT 1 FROM rows WHERE gate = 'human' LIMIT 1").fetchone():
        labels = list(dict.fromkeys([*labels, "human"]))
    return {_FAILED: "failed"} | {label: label if label != "failed" else "failed_gate" for label in labels}


@contextmanager
def _accepted(published: Published, folder: RunFolder, staged: Staged) -> Iterator[ParquetFiles]:
    import pyarrow as pa

    schema = [("id", pa.string()), ("source", pa.string())]
    said = calls_type() if published.with_calls else messages_type()
    schema += [(name, said) for name in TRAINED_ON[published.makes]]
    schema += [(name, arrow(kind)) for name, kind in published.columns.items()]
    with _closing(ParquetFiles(schema, lambda n: staged.path(folder.data / f"train-{n:05}.parquet"))) as files:
        yield files


@contextmanager
def _others(path: Path, staged: Staged) -> Iterator[ParquetFiles]:
    import pyarrow as pa

    schema = [(name, pa.string()) for name in ("id", "source", "gate", "reason", "evidence")]
    schema += [("messages", messages_type()), ("columns", pa.string())]
    files = ParquetFiles(schema, lambda _: staged.path(path), sharded=False, group_bytes=_REJECT_BYTES)
    with _closing(files):
        yield files


@contextmanager
def _closing(files: ParquetFiles) -> Iterator[ParquetFiles]:
    try:
        yield files
        files.close()
    except BaseException:
        files.abandon()
        raise


# ---------------------------------------------------------------- what cannot be published

_MISSING: dict[Makes, tuple[str, str]] = {
    "sft": ("conversation", "rows need `messages`, or `instruction` and `response`; add the gate `complete: {}`"),
    "dpo": (
        "pair of answers",
        "rows need `prompt`, `chosen` and `rejected`; add the gate `complete: {columns: [prompt, chosen, rejected]}`",
    ),
}


def _nothing_to_train_on(place: str, makes: Makes, empty: list[str]) -> Problem:
    what, hint = _MISSING[makes]
    rows = "1 accepted row holds" if len(empty) == 1 else f"{len(empty):,} accepted rows hold"
    sentence = f"{rows} no {what} (the first is {empty[0]}), and nothing can be trained on such a row"
    return Problem(place, 0, sentence, f"{hint} and run again: replies are kept")


def _no_options(place: str) -> Problem:
    sentence = f"`keep` names `{TEMPLATE_OPTIONS}`, and in some rows it is no mapping with something in it"
    return Problem(place, 0, sentence, "trainers hand its fields to the chat template: `{enable_thinking: false}`")
