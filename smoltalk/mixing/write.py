"""Third stage: every row to where it ends, and its line into the books."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.mixing.books import Ledger, Lines
from smoltalk.mixing.buckets import PLACE, Buckets
from smoltalk.mixing.choose import ACCEPTED, BEYOND, Chosen
from smoltalk.mixing.keys import keys, places, splits
from smoltalk.mixing.shape import TOKENS, TURNS, Shape, json_objects, messages_of, rest_of
from smoltalk.mixing.sift import Sifted
from smoltalk.mixing.spreading import Spread
from smoltalk.mixing.turned_away import SCHEMA, TurnedAway
from smoltalk.mixing.workplace import read_batch
from smoltalk.mixture.calls import called
from smoltalk.mixture.columns import fitted
from smoltalk.mixture.piece import CALLS
from smoltalk.mixture.source import Mix
from smoltalk.run.parquet import messages_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")
U = TypeVar("U")


class Writing:
    """Rows of pieces, in order, to buckets, to `rejected/` and into the books."""

    def __init__(
        self, mix: Mix, form: Shape, seed: int, spread: Spread, chosen: Chosen, buckets: Buckets, away: TurnedAway,
        ledger: Ledger,
    ) -> None:  # fmt: skip
        self._mix, self._form, self._seed, self._spread = mix, form, seed, spread
        self._chosen, self._buckets, self._away, self._ledger = chosen, buckets, away, ledger
        self._schema = spread.schema(form)
        self.fates: dict[str, Counter[str]] = {}
        """Rows by fate, of each source."""

    def all(self, sifted: Sequence[Sifted], threads: int, tell: Callable[[str, int, int], None]) -> int:
        """Everything; returns how many rows were born. `tell` hears source, rows so far and rows in all."""
        total = sum(count.born for one in sifted for count in one.counts)
        row, copy = 0, total
        jobs = (
            (one, piece, number, start)
            for number, one in enumerate(sifted)
            for piece, start in enumerate(np.cumsum([0, *(count.passed for count in one.counts)])[:-1].tolist())
        )
        with ThreadPoolExecutor(threads, "write") as pool:
            for (one, piece, _, _), done in in_order(pool, lambda job: self._piece(*job), jobs, threads + 1):
                lines, copies, turned, fates = done
                counted = self.fates.setdefault(one.reader.name, Counter())
                counted.update(lines.fates)
                counted.update(copies.fates)
                self._ledger.write(lines._replace(rows=[row + position for position in lines.rows]))
                self._ledger.write(copies._replace(rows=range(copy, copy + len(copies.ids))))
                self._away.add(turned, fates)
                row, copy = row + one.counts[piece].born, copy + len(copies.ids)
                tell(one.reader.name, row, total)
        return copy

    def _piece(self, one: Sifted, piece: int, number: int, start: int) -> "_Done":
        source = one.reader.name
        batch, turned = read_batch(one.passed(piece)), read_batch(one.turned(piece))
        ends = self._chosen.of(number).slice(start, batch.num_rows)
        end, copies = np.asarray(ends.column("end")), np.asarray(ends.column("copies"))
        row_keys = keys(batch.column("id"), self._seed)
        own = splits(row_keys, self._mix.splits)
        rows = np.flatnonzero(end == ACCEPTED)
        self._to_buckets(batch, source, rows, copies, row_keys, own)
        told = _columns(batch, source, np.where(end == ACCEPTED, own, -1), [*self._mix.splits])
        lines = self._lines(batch, ends, turned, source, told)
        out = np.flatnonzero(end != ACCEPTED)
        away, fates = self._turned(batch, ends, out, turned, source)
        return _Done(lines, _copies(batch, rows, copies, told), away, fates)

    def _to_buckets(
        self, batch: pa.RecordBatch, source: str, rows: "NDArray[np.int64]", copies: "NDArray[np.int32]",
        row_keys: "NDArray[np.uint64]", own: "NDArray[np.int64]",
    ) -> None:  # fmt: skip
        times, ids = _times(batch, rows, copies)
        rows = np.repeat(rows, 1 + copies[rows])
        some = batch if len(rows) == batch.num_rows and not times.any() else batch.take(pa.array(rows))
        columns = {PLACE: pa.array(places(row_keys[rows], times)), "id": ids, "source": _constant(source, len(rows))}
        for name in self._form.conversation:
            columns[name] = some.column(name)
            if self._spread.calls:
                there = CALLS[name] in some.schema.names
                calls = some.column(CALLS[name]) if there else pa.nulls(len(rows), pa.string())
                columns[name] = called(columns[name], calls)
        for field in self._spread.fields:
            columns[field.name] = _published(some, field)
        arrays = [columns[name] for name in self._schema.names]
        self._buckets.add(pa.record_batch(arrays, schema=self._schema), own[rows])

    def _lines(
        self, batch: pa.RecordBatch, ends: pa.RecordBatch, turned: pa.RecordBatch, source: str, told: pa.Array
    ) -> Lines:
        """Of a piece, in the order of its rows, which are numbered from 0."""
        positions = np.concatenate([np.asarray(batch.column("position")), np.asarray(turned.column("position"))])
        order = pa.array(np.argsort(positions))
        meaning = self._chosen.ends
        end = pa.array(np.asarray(ends.column("end")))
        by = [pa.array([getattr(one, name) for one in meaning]).take(end) for name in ("fate", "gate", "reason")]
        evidence = ends.column("evidence").fill_null("{}")
        away = json_objects(
            {
                "id": turned.column("id"),
                "source": _constant(source, turned.num_rows),
                "source_id": turned.column("source_id"),
            }
        )
        first = [batch.column("id"), *by, evidence, told]
        second = [*(turned.column(name) for name in ("id", "fate", "gate", "reason", "evidence")), away]
        both = [pa.concat_arrays(pair).take(order).to_pylist() for pair in zip(first, second, strict=True)]
        return Lines(positions[np.asarray(order)].tolist(), *both)

    def _turned(
        self, batch: pa.RecordBatch, ends: pa.RecordBatch, out: "NDArray[np.int64]", turned: pa.RecordBatch, source: str
    ) -> tuple[pa.RecordBatch, list[str]]:
        """Rows for `rejected/`, and their fates; those that are only beyond what was asked for without their texts."""
        rows = pa.array(out)
        some, said = batch.take(rows), ends.take(rows)
        end = np.asarray(said.column("end"))
        known = np.flatnonzero(~np.isin(end, [*BEYOND]))
        parts = [(some.take(pa.array(known)), said.take(pa.array(known)), True)] if len(known) else []
        if len(known) < len(end):
            beyond = pa.array(np.flatnonzero(np.isin(end, [*BEYOND])))
            parts.append((some.take(beyond), said.take(beyond), False))
        batches, fates = [], list[str]()
        for rest, why, whole in parts:
            meaning = [self._chosen.ends[number] for number in why.column("end").to_pylist()]
            talk = messages_of(rest, self._form) if whole else pa.nulls(rest.num_rows, messages_type())
            columns = rest_of(rest, source, self._form) if whole else _source_ids(rest)
            arrays = [
                rest.column("id"), _constant(source, rest.num_rows),
                pa.array([one.gate for one in meaning], pa.string()),
                pa.array([one.reason for one in meaning], pa.string()),
                why.column("evidence").fill_null("{}"), talk, pa.array(columns, pa.string()),
            ]  # fmt: skip
            batches.append(pa.record_batch(arrays, schema=SCHEMA))
            fates += [one.fate for one in meaning]
        arrays = [turned.column("id"), _constant(source, turned.num_rows)]
        arrays += [turned.column(name) for name in ("gate", "reason", "evidence", "messages", "columns")]
        batches.append(pa.record_batch(arrays, schema=SCHEMA))
        return pa.concat_batches(batches), fates + turned.column("fate").to_pylist()


class _Done(NamedTuple):
    lines: Lines
    copies: Lines
    turned: pa.RecordBatch
    fates: list[str]


def _columns(batch: pa.RecordBatch, source: str, own: "NDArray[np.int64]", names: Sequence[str]) -> pa.Array:
    """What the ledger says of rows, as JSON: not their texts. `own` is -1 for a row that is in no split."""
    known: dict[str, pa.Array] = {
        "id": batch.column("id"), "source": _constant(source, batch.num_rows), "source_id": batch.column("source_id")
    }  # fmt: skip
    known |= {name: batch.column(name) for name in (TURNS, TOKENS) if name in batch.schema.names}
    known["split"] = pa.array(names, pa.string()).take(pa.array(own, mask=own < 0))
    return json_objects(known)


def _times(
    batch: pa.RecordBatch, rows: "NDArray[np.int64]", copies: "NDArray[np.int32]"
) -> "tuple[NDArray[np.uint64], pa.Array]":
    """For each accepted row and its copies, in order: which copy it is (0: the row itself), and its id: `id-2`, ..."""
    counts = 1 + copies[rows].astype(np.int64)
    times = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    ids = batch.column("id").take(pa.array(np.repeat(rows, counts)))
    if times.any():
        endings = pa.array(["" if time == 0 else f"-{time + 1}" for time in range(int(times.max()) + 1)])
        ids = pc.binary_join_element_wise(ids, endings.take(pa.array(times)), "")
    return times.astype(np.uint64), ids


def _copies(batch: pa.RecordBatch, rows: "NDArray[np.int64]", copies: "NDArray[np.int32]", told: pa.Array) -> Lines:
    """Lines of copies: born like any row."""
    times, ids = _times(batch, rows, copies)
    again = pa.array(np.flatnonzero(times))
    count = len(again)
    own = pa.array(np.repeat(rows, 1 + copies[rows])).take(again)
    names = ids.take(again).to_pylist()
    columns = [
        text.replace(f'"id":"{name[:16]}"', f'"id":"{name}"', 1)
        for text, name in zip(told.take(own).to_pylist(), names, strict=True)
    ]
    return Lines(range(count), names, ["accepted"] * count, [""] * count, [""] * count, ["{}"] * count, columns)


def _published(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    own, column = batch.schema.field(field.name), batch.column(field.name)
    if pa.types.is_null(own.type):
        return pa.nulls(batch.num_rows, field.type)
    return column if own.equals(field, check_metadata=True) else fitted(column, own, field)


def _source_ids(batch: pa.RecordBatch) -> list[str]:
    found: list[str] = json_objects({"source_id": batch.column("source_id")}).to_pylist()
    return found


def _constant(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def in_order(pool: ThreadPoolExecutor, work: Callable[[T], U], jobs: Iterable[T], most: int) -> Iterator[tuple[T, U]]:
    """Each job and what came of it, in their order; at most so many are begun ahead."""
    waiting: list[tuple[T, Future[U]]] = []
    for job in jobs:
        waiting.append((job, pool.submit(work, job)))
        if len(waiting) > most:
            first, future = waiting.pop(0)
            yield first, future.result()
    for job, future in waiting:
        yield job, future.result()
