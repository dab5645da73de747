"""Accepted rows on their way into the order of their split: each goes to the bucket of its place, a bucket at a time is
sorted and written. Memory is that of a few buckets, however many rows there are."""

import itertools
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKET = 48_000_000
"""Bytes of rows in a bucket, about."""
_MOST = 512
"""Buckets at most, of all splits together: each is an open file. More rows than fit make them larger."""
PLACE = "place"
"""The column that rows of a bucket are sorted by; it is not published."""


def planned(sizes: Mapping[str, int]) -> dict[str, int]:
    """How many buckets each split gets, from its bytes."""
    most = max(1, _MOST // len(sizes))
    return {split: min(most, max(1, -(-size // BUCKET))) for split, size in sizes.items()}


class Buckets:
    """Files of rows by split and place. Threads may add to it: within a bucket, order does not count yet."""

    def __init__(self, folder: Path, plan: Mapping[str, int], schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema
        self._starts = dict(zip(plan, np.cumsum([0, *plan.values()])[:-1].tolist(), strict=True))
        self._counts = np.array([*plan.values()], np.uint64)
        self._firsts = np.array([*self._starts.values()], np.int64)
        self._plan = plan
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self._locks = [Lock() for _ in range(sum(plan.values()))]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        for number in range(len(self._locks)):
            sink = self._stack.enter_context(pa.OSFile(str(self._path(number)), "wb"))
            self._writers[number] = self._stack.enter_context(pa.ipc.new_stream(sink, self._schema))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, rows: pa.RecordBatch, splits: "NDArray[np.int64]") -> None:
        """Rows of any places, `splits` being the numbers of theirs."""
        if not rows.num_rows:
            return
        places = np.asarray(rows.column(PLACE))
        scaled = ((places >> np.uint64(32)) * self._counts[splits]) >> np.uint64(32)
        owners = self._firsts[splits] + scaled.astype(np.int64)
        order = np.argsort(owners, kind="stable")
        rows, owners = rows.take(pa.array(order)), owners[order]
        bounds = np.flatnonzero(np.diff(owners, prepend=-1, append=-1)).tolist()
        for first, last in itertools.pairwise(bounds):
            number = int(owners[first])
            with self._locks[number]:
                self._writers[number].write_batch(rows.slice(first, last - first))

    def of(self, split: str) -> list[Path]:
        """A split's buckets, in order."""
        start = self._starts[split]
        return [self._path(number) for number in range(start, start + self._plan[split])]

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:05}.arrows"


def ordered(bucket: Path) -> pa.RecordBatch:
    """A bucket's rows in their places, without the places."""
    with pa.OSFile(str(bucket), "rb") as file, pa.ipc.open_stream(file) as stream:
        table = stream.read_all()
    order = pa.compute.sort_indices(table, [(PLACE, "ascending"), ("id", "ascending")])
    table = table.drop_columns([PLACE]).take(order).combine_chunks()
    batches: list[pa.RecordBatch] = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
