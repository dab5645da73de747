"""First stage: the pieces of all sources through the sieve, some at a time; what passes lies on the disk afterwards."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from smoltalk.errors import WorldError
from smoltalk.mixing.shape import Shape, calls_of, messages_of, rest_of
from smoltalk.mixing.sieve import Sieve, Turned
from smoltalk.mixing.workplace import Workplace, digest, read_json, write_batch, write_json
from smoltalk.mixture.piece import CALLS
from smoltalk.mixture.reading import Failed, Piece, Reader
from smoltalk.pipeline.labels import SOURCE

OUT = (("position", pa.int64()), ("id", pa.string()), ("source_id", pa.string()), ("fate", pa.string()),
       ("gate", pa.string()), ("reason", pa.string()), ("evidence", pa.string()), ("columns", pa.string()))  # fmt: skip
"""Columns of rows that do not pass, beside their conversation: null where there is none."""


class Count(NamedTuple):
    """What became of one piece's rows: `born = passed + turned`."""

    born: int
    passed: int
    passed_over: int
    mended: int
    bytes: int
    """Of the rows that passed."""


@dataclass(slots=True)
class Sifted:
    """A source after this stage."""

    reader: Reader
    digest: str
    folder: Path
    counts: list[Count] = field(default_factory=list)
    """Of each piece."""

    def passed(self, piece: int) -> Path:
        """Rows that passed: `position` in the piece, `id`, `source_id`, conversation, columns asked for or measured."""
        return self.folder / f"{piece:05}.arrow"

    def turned(self, piece: int) -> Path:
        """Rows that did not."""
        return self.folder / f"{piece:05}.out.arrow"

    @property
    def whole(self) -> Path:
        """How many pieces it has: there once it was read to its end."""
        return self.folder / "whole"

    def state(self, piece: int) -> Path:
        """The counts: there once the piece is finished."""
        return self.folder / f"{piece:05}.json"


def sift(
    readers: Sequence[Reader],
    sieve: Sieve,
    form: Shape,
    place: Workplace,
    threads: int,
    tell: Callable[[str, int], None],
) -> tuple[list[Sifted], int]:
    """All sources, and how many pieces of an earlier call stand. `tell` hears source and rows so far.

    Raises what reading raises; finished pieces stay. Raises `WorldError` for data that changed meanwhile.
    """
    found, judged = [], sieve.identity()
    for reader in readers:
        name = _digest(reader, judged)
        found.append(Sifted(reader, name, place.sifted(name)))
    place.keep_only({one.folder.name for one in found})
    done = {one.reader.name: _done(one) for one in found}
    kept, total = sum(map(len, done.values())), 0
    with ThreadPoolExecutor(threads, "sift") as pool:
        waiting: set[Future[tuple[Sifted, int, Count]]] = set()
        try:
            for one, read in _unread(found, done):
                waiting.add(pool.submit(_through, one, read, sieve, form))
                if len(waiting) > threads:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    total = _note(finished, done, total, tell)
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                total = _note(finished, done, total, tell)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    judged = sieve.identity()
    for one in found:
        if not _still(one, judged):
            shutil.rmtree(one.folder, ignore_errors=True)
            raise WorldError(f"the data of source `{one.reader.name}` changed while it was read")
        one.counts = [count for _, count in sorted(done[one.reader.name].items())]
        write_json(one.whole, len(one.counts))
    return found, kept


def _digest(reader: Reader, judged: Sequence[object]) -> str:
    return digest([reader.name, reader.identity(), reader.makes, reader.columns, judged])


def _still(one: Sifted, judged: Sequence[object]) -> bool:
    """Whether the data are those that its pieces are called after."""
    try:
        return _digest(one.reader, judged) == one.digest
    except OSError:
        return False


def _unread(found: Sequence[Sifted], done: dict[str, dict[int, Count]]) -> Iterator[tuple[Sifted, Callable[[], Piece]]]:
    """Of a source that was read to its end nothing: to look for more would be to fetch a dataset of the Hub again."""
    for one in found:
        before = frozenset(done[one.reader.name])
        if read_json(one.whole) == len(before):
            continue
        for read in one.reader.pieces(before.__contains__):
            yield one, read


def _note(
    finished: set["Future[tuple[Sifted, int, Count]]"], done: dict[str, dict[int, Count]], total: int,
    tell: Callable[[str, int], None],
) -> int:  # fmt: skip
    for future in finished:
        one, number, count = future.result()
        done[one.reader.name][number] = count
        total += count.born + count.passed_over
        tell(one.reader.name, total)
    return total


def _done(one: Sifted) -> dict[int, Count]:
    found: dict[int, Count] = {}
    for file in one.folder.glob("*.json"):
        if counts := read_json(file):
            found[int(file.stem)] = Count(*counts)
    return found


def _through(one: Sifted, read: Callable[[], Piece], sieve: Sieve, form: Shape) -> tuple[Sifted, int, Count]:
    piece = read()
    source, batch = one.reader.name, piece.batch
    batch = batch.drop_columns(["source"])
    sieved = sieve.through(batch, source)
    batch = batch.add_column(0, "position", pa.array(np.arange(batch.num_rows)))
    passed = batch if len(sieved.passed) == batch.num_rows else batch.take(pa.array(sieved.passed))
    for name, column in sieved.measured.items():
        passed = passed.append_column(name, column.take(pa.array(sieved.passed)))
    there = calls_of(passed, form.conversation)
    passed = passed.drop_columns([CALLS[name] for name in form.conversation if CALLS[name] not in there])
    write_batch(one.passed(piece.number), passed)
    write_batch(one.turned(piece.number), _turned(batch, sieved.turned, piece.failed, source, form))
    born = batch.num_rows + len(piece.failed)
    count = Count(born, passed.num_rows, piece.passed_over, piece.mended, passed.nbytes)
    write_json(one.state(piece.number), list(count))
    return one, piece.number, count


def _turned(
    batch: pa.RecordBatch, turned: list[Turned], failed: list[Failed], source: str, form: Shape
) -> pa.RecordBatch:
    """Rows that end here, in their order; those that failed in reading stand behind the others."""
    turned = sorted(turned)
    some = batch.take(pa.array([one.row for one in turned], pa.int64()))
    last = batch.num_rows
    columns: list[list[object]] = [
        [*(one.row for one in turned), *range(last, last + len(failed))],
        [*some.column("id").to_pylist(), *(one.id for one in failed)],
        [*some.column("source_id").to_pylist(), *(one.source_id for one in failed)],
        [*(one.fate for one in turned), *("failed" for _ in failed)],
        [*(one.gate for one in turned), *(SOURCE for _ in failed)],
        [*(one.reason for one in turned), *(one.reason for one in failed)],
        [*(one.evidence for one in turned), *(json.dumps({"place": f.place, "detail": f.detail}) for f in failed)],
        [*rest_of(some, source, form), *(json.dumps({"source_id": one.source_id}) for one in failed)],
    ]
    arrays = [pa.array(values, kind) for values, (_, kind) in zip(columns, OUT, strict=True)]
    said = messages_of(some, form)
    return pa.record_batch(
        [*arrays, pa.concat_arrays([said, pa.nulls(len(failed), said.type)])],
        names=[*(name for name, _ in OUT), "messages"],
    )
