"""The ledger's rows as Parquet: accepted ones under `data/`, the others under `rejected/`, a file for each gate."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from smoltalk.errors import Problem, UserError
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.kept import Kept, kept
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.rows import Message, Row, conversation
from smoltalk.run.column_types import ColumnType, Kinds, arrow, clean, fit
from smoltalk.run.folder import RunFolder
from smoltalk.run.journal import Fate
from smoltalk.run.ledger import read_rows
from smoltalk.run.parquet import ParquetFiles, messages_type
from smoltalk.run.speakers import ROLES
from smoltalk.run.staging import Staged
from smoltalk.text import strings

OWN = ("id", "source", "messages")
"""Columns of every published row, before those the pipeline keeps."""

_REJECT_BYTES = 4_000_000
"""Rejects have a file a gate, all open at once, so their row groups are smaller."""


@dataclass(slots=True)
class Published:
    """What was written, for the card."""

    columns: dict[str, ColumnType] = field(default_factory=dict)
    """Type of each kept column."""
    rows: int = 0
    turns: int = 0
    """Messages over all accepted rows."""
    characters: int = 0
    """Characters in them."""
    example: dict[str, Any] | None = None
    """The first accepted row as published."""


def write_rows(
    pipeline: Pipeline, folder: RunFolder, connection: sqlite3.Connection, staged: Staged, place: str
) -> Published:
    """Write every decided row, in row order; memory does not grow with them.

    `place` is where a mistake in the pipeline is reported. Raises `OSError`, and `UserError` when accepted rows hold
    no conversation.
    """
    columns = [column for column in kept(pipeline) if column.name not in OWN]
    published = Published(columns=_types(connection, columns))
    with ExitStack() as open_files:
        accepted = open_files.enter_context(_accepted(published.columns, folder, staged))
        others = {
            label: open_files.enter_context(_others(folder.rejected / f"{name}.parquet", staged))
            for label, name in _reject_files(pipeline).items()
        }
        empty: list[str] = []
        for fate, row in read_rows(connection):
            if fate.fate == "accepted":
                line = _accepted_line(fate, row, columns, published)
                if not line[2]:
                    empty.append(fate.id)
                accepted.add(line, len(fate.columns))
            else:
                file = others[fate.gate if fate.fate == "rejected" else _FAILED]
                file.add(_other_line(fate, row), len(fate.columns) + len(fate.evidence))
    if empty:
        raise UserError([_no_conversation(place, empty)])
    staged.sweep(folder.data, "train-*.parquet")
    staged.sweep(folder.rejected, "*.parquet")
    return published


def _types(connection: sqlite3.Connection, columns: list[Kept]) -> dict[str, ColumnType]:
    kinds = Kinds(column.name for column in columns)
    kinds.see({column.name: column.kind() for column in columns if column.kind})  # where a gate told it of no row
    if columns:
        for fate, row in read_rows(connection, "accepted"):
            kinds.see(_values(fate, row, columns))
    return kinds.types()


def _values(fate: Fate, row: Row, columns: list[Kept]) -> dict[str, Any]:
    told = orjson.loads(fate.evidence) if any(column.gate for column in columns) else {}
    return {column.name: column.of(row, told) for column in columns}


# ---------------------------------------------------------------- files

_FAILED = "\0failed"
"""Stands for the file of failed rows; no gate's label is like it."""


def _reject_files(pipeline: Pipeline) -> dict[str, str]:
    """Gate label -> file name; a gate that is called `failed` makes way for the failed rows."""
    labels = [label for label, _ in labelled_gates(pipeline)]
    return {_FAILED: "failed"} | {label: label if label != "failed" else "failed_gate" for label in labels}


@contextmanager
def _accepted(columns: Mapping[str, ColumnType], folder: RunFolder, staged: Staged) -> Iterator[ParquetFiles]:
    import pyarrow as pa

    schema = [("id", pa.string()), ("source", pa.string()), ("messages", messages_type())]
    schema += [(name, arrow(kind)) for name, kind in columns.items()]
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


# ---------------------------------------------------------------- lines


def _accepted_line(fate: Fate, row: Row, columns: list[Kept], published: Published) -> tuple[Any, ...]:
    messages, values = turns(row), _values(fate, row, columns)
    line = (fate.id, _source(row), messages, *(fit(values[name], kind) for name, kind in published.columns.items()))
    published.rows += 1
    published.turns += len(messages)
    for turn in messages:
        published.characters += len(turn["content"])
    if published.example is None and messages:
        published.example = dict(zip((*OWN, *published.columns), line, strict=True))
    return line


def _other_line(fate: Fate, row: Row) -> tuple[Any, ...]:
    messages, source = turns(row) or None, _source(row)
    rest = {name: value for name, value in row.items() if name not in OWN}
    if messages is None and row.get("messages"):
        rest["messages"] = row["messages"]
    columns = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()
    return fate.id, source, fate.gate, clean(fate.reason), clean(fate.evidence), messages, clean(columns)


def _source(row: Row) -> str:
    return clean(str(row.get("source") or ""))


def turns(row: Row) -> list[Message]:
    """The row's conversation with nothing in it but known roles and texts; empty when it has none such."""
    found = _turns(row)
    return found if all(str(turn["role"]) in ROLES for turn in found) else []


def _turns(row: Row) -> list[Message]:
    if type(row.get("messages")) not in (list, type(None)):
        row = {**row, "messages": None}
    try:
        return [{"role": turn["role"], "content": clean(turn["content"])} for turn in conversation(row)]
    except (TypeError, KeyError, AttributeError):
        return _mended(row)


def _mended(row: Row) -> list[Message]:
    """Turns that a stock step or a foreign file wrote in its own way: contents in parts, or with no text at all."""
    found = row.get("messages") or [
        {"role": role, "content": row[column]}
        for role, column in (("user", "instruction"), ("assistant", "response"))
        if row.get(column)
    ]
    return [
        {"role": turn["role"], "content": clean("\n".join(strings(turn.get("content"))))}
        for turn in found
        if isinstance(turn, dict) and isinstance(turn.get("role"), str)
    ]


def _no_conversation(place: str, empty: list[str]) -> Problem:
    rows = "1 accepted row holds" if len(empty) == 1 else f"{len(empty):,} accepted rows hold"
    return Problem(
        place,
        0,
        f"{rows} no conversation (the first is {empty[0]}), and nothing can be trained on such a row",
        "rows need `messages`, or `instruction` and `response`; add the gate `complete: {}` and run again: "
        "replies are kept",
    )
