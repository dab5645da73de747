"""One part of the data: read, looked through, and written as clean and contaminated rows."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from smoltalk.benchmarks.written import MOST as HITS
from smoltalk.decontamination import Finder, Hit
from smoltalk.decontamination.added import added, unmarked
from smoltalk.decontamination.columns import Placed, placed, role_of, text_columns
from smoltalk.decontamination.evidence import Evidence, Where, quote, written
from smoltalk.decontamination.folder import OutFolder
from smoltalk.decontamination.heads import no_texts
from smoltalk.decontamination.lines import Block, Unreadable
from smoltalk.decontamination.parts import Part
from smoltalk.decontamination.row_files import RowFiles
from smoltalk.decontamination.tally import LONG_ROW, OfBenchmark, Tally
from smoltalk.errors import UserError
from smoltalk.text import valid
from smoltalk.words import Texts

MOST = 20
"""Hits of one row that are written down, the best ones."""
_SURE = HITS // 3
"""With fewer items in a row all were counted: a scan gives so many hits a row, and an item is three units at most."""
_CHUNK = 500_000
"""Bytes of text that are looked through before the call can stop; one row may be longer."""
EVIDENCE = "contamination"
"""The column of contaminated rows that says what they hold."""
_KINDS = {"score": pa.float64(), "turn": pa.int64()}
EVIDENCE_TYPE = pa.list_(pa.struct([(name, _KINDS.get(name, pa.string())) for name in Evidence.__annotations__]))


class Way(NamedTuple):
    """How every part is looked at."""

    finder: Finder
    method: str
    of: tuple[str, ...]
    """Columns; none: all with text."""


class Stopped(Exception):
    """The call ends before the part does."""


def work(part: Part, way: Way, desk: object, folder: OutFolder, stopped: Any) -> Tally:
    """Write a part's rows and its tally. Raises `Stopped` once `stopped.is_set()`."""
    tally = Tally(read_bytes=part.size)
    unreadable: list[Unreadable] = []
    with ExitStack() as stack:
        sides = RowFiles(part.number, folder, stack)
        for block in part.read():
            first = 0
            for batch in block.table.combine_chunks().to_batches():
                if stopped.is_set():
                    raise Stopped
                if batch.num_rows:
                    sources = partial(_sources, part.origin, block, first)
                    _batch(unmarked(batch), way, _Looking(way.finder, desk, stopped), sides, tally, part, sources)
                first += batch.num_rows
            unreadable += block.unreadable
            _count(block, tally)
    if unreadable:
        with folder.replacing(folder.rows("unreadable", part.number)) as place, place.open("wb") as stream:
            stream.writelines(line.line.rstrip(b"\n") + b"\n" for line in unreadable)
    folder.finish(part.number, tally)
    return tally


def _sources(origin: str, block: Block, first: int, rows: Sequence[int]) -> list[str]:
    return [f"{valid(origin)}:{place}" for place in block.places([first + row for row in rows])]


def _count(block: Block, tally: Tally) -> None:
    tally.count_unreadable(block.unreadable)
    tally.broken_text += block.surrogates


class _Looking(NamedTuple):
    """A finder at work, which stops between a few rows and the next."""

    finder: Finder
    desk: object
    stopped: Any

    def find(self, texts: Texts) -> list[Hit]:
        """As `Finder.find`. Raises `Stopped`."""
        hits: list[Hit] = []
        ends = texts.offsets[texts.rows]
        first, count = 0, len(texts.rows) - 1
        while first < count:
            if self.stopped.is_set():
                raise Stopped
            last = max(first + 1, int(np.searchsorted(ends, ends[first] + _CHUNK, "right")) - 1)
            some = Texts(texts.data, texts.offsets, texts.rows[first : last + 1])
            hits += [hit._replace(row=hit.row + first) for hit in self.finder.find(some, self.desk)]
            first = last
        return hits


def _batch(
    batch: pa.RecordBatch, way: Way, looking: _Looking, sides: RowFiles, tally: Tally, part: Part,
    sources: Callable[[Sequence[int]], list[str]],
) -> None:  # fmt: skip
    names = text_columns(batch.schema, way.of)
    if part.number == 0 and not part.size and (problems := no_texts(batch.schema, way.of, part.origin)):
        raise UserError(problems)  # of files that is known already
    found = placed(batch, names)
    tally.broken_text += _broken(batch, found)
    hits = looking.find(found.texts)
    bounds = found.texts.offsets[found.texts.rows]
    lengths = np.diff(bounds)
    tally.rows += batch.num_rows
    tally.text_bytes += int(bounds[-1] - bounds[0])
    tally.without_text += int((lengths == 0).sum())
    tally.long += int((lengths > LONG_ROW).sum())
    if not hits:
        tally.clean += batch.num_rows
        sides.write("clean", batch)
        return
    holds = np.zeros(batch.num_rows, np.bool_)
    holds[[hit.row for hit in hits]] = True
    _tell(hits, way.finder, tally)
    tally.contaminated += int(holds.sum())
    tally.clean += int((~holds).sum())
    if not holds.all():
        sides.write("clean", batch.filter(pa.array(~holds)))
    rows = batch.filter(pa.array(holds))
    evidence = pa.array(list(_evidence(hits, way, batch, names, found, sources)), EVIDENCE_TYPE)
    sides.write("contaminated", added(rows, EVIDENCE, evidence))


def _broken(batch: pa.RecordBatch, found: Placed) -> int:
    """Rows with bytes that are no UTF-8; such texts are read around, and written as they came."""
    try:
        _alone(batch).validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise
    else:
        return 0
    texts, broken = found.texts, 0
    for row in range(batch.num_rows):
        data = texts.data[texts.offsets[texts.rows[row]] : texts.offsets[texts.rows[row + 1]]].tobytes()
        broken += not _is_utf8(data)
    return broken


def _alone(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows without what lies beside them, where they are a slice: all of a column's buffers are validated."""
    if batch.get_total_buffer_size() < 2 * batch.nbytes:
        return batch
    try:
        return pa.concat_batches([batch, batch.slice(0, 0)])
    except pa.ArrowNotImplementedError:  # a type that Arrow joins no arrays of
        return batch


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _tell(hits: Sequence[Hit], finder: Finder, tally: Tally) -> None:
    held = Counter(hit.row for hit in hits)
    tally.more_items += sum(items > MOST for items in held.values())
    tally.uncounted += sum(items >= _SURE for items in held.values())
    last: set[tuple[int, int]] = set()
    for hit in hits:
        name = finder.names[hit.benchmark]
        counted = tally.benchmarks.setdefault(name, OfBenchmark())
        if (hit.row, hit.benchmark) not in last:  # a row's best hit of a benchmark comes first
            last.add((hit.row, hit.benchmark))
            counted.rows += 1
            counted.kinds[hit.kind] += 1
        counted.items[hit.item] = max(round(hit.score, 3), counted.items.get(hit.item, 0.0))


def _evidence(
    hits: Sequence[Hit], way: Way, batch: pa.RecordBatch, names: Sequence[str], found: Placed,
    sources: Callable[[Sequence[int]], list[str]],
) -> Iterator[list[Evidence]]:  # fmt: skip
    """For each contaminated row, in order, what it holds."""
    of_row: dict[int, list[Hit]] = {}
    for hit in hits:
        of_row.setdefault(hit.row, []).append(hit)
    for some, source in zip(of_row.values(), sources(list(of_row)), strict=True):
        values: dict[str, Any] = {}
        yield [_of_hit(hit, way, batch, names, found, source, values) for hit in some[:MOST]]


def _of_hit(
    hit: Hit, way: Way, batch: pa.RecordBatch, names: Sequence[str], found: Placed, source: str, values: dict[str, Any]
) -> Evidence:
    text = int(np.searchsorted(found.texts.offsets, hit.first, "right")) - 1
    column, turn = names[found.columns[text]], int(found.turns[text])
    if turn >= 0 and column not in values:
        values[column] = _value(batch, column, hit.row)
    where = Where(source, column, turn, role_of(values.get(column), turn))
    return written(hit, way.finder, way.method, where, quote(found.texts, text, hit.first, hit.last))


def _value(batch: pa.RecordBatch, column: str, row: int) -> Any:
    try:
        return batch.column(column)[row].as_py()
    except UnicodeDecodeError:
        return None
