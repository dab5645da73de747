"""Rows of a run, of files or of the Hub as one Arrow file, which trainers read without holding it in memory."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smoltalk.mixture.piece import CALLS, Failed
from smoltalk.mixture.reading import Reader

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(slots=True)
class Written:
    """What came of reading a source."""

    rows: int = 0
    failed: list[Failed] = field(default_factory=list)
    """Rows that are no conversation or pair."""
    mended: int = 0
    """Rows in which control tokens were made harmless."""
    with_calls: bool = False
    """Whether a row calls functions."""


def write(reader: Reader, path: Path, tell: Callable[[int], None]) -> Written:
    """All rows into an Arrow stream at `path`, as `datasets` reads it; `tell` hears how many there are so far.

    Conversations with function calls are JSON, a text a turn, as runs publish them.
    Raises `UserError` and `WorldError` as reading does, and `OSError`.
    """
    written = Written()
    plain = path.with_suffix(".plain")
    _stream(plain, _batches(reader, written, tell))
    if written.with_calls:
        _stream(path, (_with_calls(batch) for batch in _read(plain)))
    elif written.rows:
        _stream(path, (_without(batch, CALLS.values()) for batch in _read(plain)))
    plain.unlink(missing_ok=True)
    return written


def _batches(reader: Reader, written: Written, tell: Callable[[int], None]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    for read in reader.pieces():
        piece = read()
        written.failed += piece.failed
        written.mended += piece.mended
        batch = piece.batch
        if not batch.num_rows:
            continue
        for name in CALLS.values():
            if name in batch.schema.names:
                written.with_calls |= batch.column(name).null_count < batch.num_rows
        for name in batch.schema.names:  # a column that a piece has no value of is of no type there
            if pa.types.is_null(batch.schema.field(name).type):
                at = batch.schema.get_field_index(name)
                batch = batch.set_column(at, pa.field(name, pa.string()), pa.nulls(batch.num_rows, pa.string()))
        written.rows += batch.num_rows
        tell(written.rows)
        yield batch.replace_schema_metadata(None)


def _stream(path: Path, batches: "Iterator[pa.RecordBatch]") -> None:
    import pyarrow as pa

    first = next(batches, None)
    if first is None:
        return
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, first.schema) as out:
        out.write_batch(first)
        for batch in batches:
            out.write_batch(batch.cast(first.schema) if batch.schema != first.schema else batch)


def _read(path: Path) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        yield from pa.ipc.open_stream(source)


def _without(batch: "pa.RecordBatch", names: Collection[str]) -> "pa.RecordBatch":
    return batch.select([one for one in batch.schema.names if one not in names])


def _with_calls(batch: "pa.RecordBatch") -> Any:
    """Turns as `list<json>`; of a pair all three lists, so that they can be joined."""
    import pyarrow as pa

    from smoltalk.mixture.calls import called
    from smoltalk.run.parquet import calls_type

    for name, calls in CALLS.items():
        if name not in batch.schema.names:
            continue
        texts = called(batch.column(name), batch.column(calls))
        turns = pa.ExtensionArray.from_storage(pa.json_(), texts.values)
        column = pa.ListArray.from_arrays(texts.offsets, turns, type=calls_type())
        batch = batch.set_column(batch.schema.get_field_index(name), pa.field(name, calls_type()), column)
    return _without(batch, CALLS.values())
