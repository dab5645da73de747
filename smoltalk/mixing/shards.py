"""The buckets of each split as its Parquet files, several at once; the same rows give the same bytes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from smoltalk.mixing.buckets import BUCKET, Buckets, ordered
from smoltalk.run.parquet import SHARD_BYTES, SHARD_ROWS, calls_type, messages_type
from smoltalk.run.staging import Staged

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GROUP_BYTES = 16_000_000
_GROUP_ROWS = 10_000
_UNIQUE = ("id", "source_id")


@dataclass(slots=True)
class Written:
    """What the published rows come to."""

    turns: int = 0
    characters: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """Of pairs, as `Preferences` has them: how many, whose chosen answer is longer, and characters."""
    example: dict[str, Any] | None = None
    """The first row."""


def write_shards(
    buckets: Buckets, rows: Mapping[str, int], data: Path, staged: Staged, conversation: Sequence[str], threads: int
) -> list[Written]:
    """The `data/SPLIT-00000.parquet ...` of these splits and their rows, though there be none. Raises `OSError`."""
    jobs: list[tuple[Path, list[Path]]] = []
    for split, count in rows.items():
        paths = buckets.of(split)
        files = max(1, -(-len(paths) * BUCKET // SHARD_BYTES), -(-count // SHARD_ROWS))
        files = min(files, len(paths))
        for number in range(files):
            some = paths[number * len(paths) // files : (number + 1) * len(paths) // files]
            jobs.append((data / f"{split}-{number:05}.parquet", some))
    places = [(staged.path(final), some) for final, some in jobs]
    with ThreadPoolExecutor(threads, "shard") as pool:
        return list(pool.map(lambda job: _shard(job[0], job[1], conversation), places))


def _shard(path: Path, buckets: Sequence[Path], conversation: Sequence[str]) -> Written:
    written = Written()
    writer: pq.ParquetWriter | None = None
    with pa.OSFile(str(path), "wb") as sink:
        for bucket in buckets:
            rows = ordered(bucket)
            bucket.unlink()
            _count(rows, conversation, written)
            rows = _with_calls(rows, conversation)
            if writer is None:
                writer = pq.ParquetWriter(
                    sink, rows.schema, compression="zstd", use_dictionary=_repetitive(rows.schema)
                )
            group = min(_GROUP_ROWS, max(1, _GROUP_BYTES * rows.num_rows // max(rows.nbytes, 1)))
            for at in range(0, rows.num_rows, group):
                writer.write_batch(rows.slice(at, group))
        assert writer is not None
        writer.close()
    return written


def _repetitive(schema: pa.Schema) -> list[str]:
    """Columns whose values repeat; looking for repetition in long texts costs more than it saves."""
    talks = [field.name for field in schema if field.type == messages_type()]
    others = [one.name for one in schema if one.name not in (*_UNIQUE, *talks) and one.type != calls_type()]
    return [*(f"{name}.list.element.role" for name in talks), *others]


def _with_calls(rows: pa.RecordBatch, conversation: Sequence[str]) -> pa.RecordBatch:
    """Conversations that come as JSON texts, a text a turn, are published as JSON."""
    for name in conversation:
        at = rows.schema.get_field_index(name)
        texts = rows.column(at)
        if texts.type != pa.list_(pa.string()):
            continue
        turns = pa.ExtensionArray.from_storage(pa.json_(), texts.values)
        column = pa.ListArray.from_arrays(texts.offsets, turns, type=calls_type())
        rows = rows.set_column(at, pa.field(name, calls_type()), column)
    return rows


def _count(rows: pa.RecordBatch, conversation: Sequence[str], written: Written) -> None:
    sums = []
    for name in conversation:
        column = rows.column(name)
        flat = pc.list_flatten(column)
        lengths = pc.utf8_length(pc.struct_field(flat, "content") if pa.types.is_struct(flat.type) else flat)
        written.turns += len(flat)
        written.characters += pc.sum(lengths).as_py() or 0
        sums.append(_by_row(column, lengths))
    if len(sums) > 1:
        _, chosen, rejected = sums
        written.answers.update(
            pairs=len(chosen),
            chosen_longer=int((chosen > rejected).sum()),
            same_length=int((chosen == rejected).sum()),
            chosen_characters=int(chosen.sum()),
            rejected_characters=int(rejected.sum()),
        )
    if written.example is None and rows.num_rows:
        written.example = rows.slice(0, 1).to_pylist()[0]
        written.example |= {
            name: [orjson.loads(turn) if isinstance(turn, str) else turn for turn in written.example[name]]
            for name in conversation
        }


def _by_row(column: pa.Array, lengths: pa.Array) -> "NDArray[np.int64]":
    sums = np.concatenate([[0], np.cumsum(lengths.to_numpy(zero_copy_only=False).astype(np.int64))])
    ends = np.cumsum(pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False))
    return np.diff(sums[np.concatenate([[0], ends]).astype(np.int64)])
