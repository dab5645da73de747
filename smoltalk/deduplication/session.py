"""One call of `smoltalk dedup`: parts in their order, each compared and written as kept and duplicate rows."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple, TypeVar

import pyarrow as pa

from smoltalk.decontamination.folder import OutFolder
from smoltalk.decontamination.heads import no_rows, none_readable, refuse
from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.parts import Files, Part
from smoltalk.decontamination.unify import unify
from smoltalk.deduplication import Job, called
from smoltalk.deduplication.choosing import compared, mistakes
from smoltalk.deduplication.comparing import Comparing, Seen, comparing
from smoltalk.deduplication.tally import Cluster, Clusters, Tally
from smoltalk.deduplication.writing import PartFiles, Ruling
from smoltalk.duplicates.names import Names
from smoltalk.duplicates.others import Reading, Told
from smoltalk.errors import Problem, UserError
from smoltalk.words.compiling import Clock

T = TypeVar("T")

SIDES = ("kept", "duplicates")
_BIGGEST = 10
_PREVIEW = 80
"""Bytes of a text that are shown of a cluster."""


class Progress(NamedTuple):
    """How far a call is."""

    tally: Tally
    """Of all parts so far."""
    size: int
    """Bytes of the whole input on disk; 0 where nobody knows."""
    seconds: float


class Result(NamedTuple):
    """What a call comes to."""

    tally: Tally
    clusters: list[Cluster]
    """The biggest ones."""
    repeated: int
    """Rows that some other row repeats."""
    others: int
    """Rows of other datasets that were compared with."""
    seconds: float
    kept: int
    """Parts that an earlier call had written."""


class _Memory:
    """What is remembered of rows that stay: an index, and their names."""

    def __init__(self, index: Comparing, semantic: bool) -> None:
        self.index, self.semantic = index, semantic
        self.names, self.clusters = Names(), Clusters()
        self.datasets: list[tuple[int, str]] = []
        """Where the rows of each other dataset end, and what it is called."""

    def dataset(self, number: int) -> str:
        """The other dataset that a kept row is in; empty for the data itself."""
        return next((name for end, name in self.datasets if number < end), "")


def dedup(
    job: Job, folder: OutFolder, tell: Callable[[Progress], None], conclude: Callable[[Job, Result], None]
) -> Result:
    """Do a job, or what is left of it; `conclude` writes into the folder too, before another call may.

    Raises `UserError`, `WorldError`, `OSError`; it can be called again.

    Parts that an earlier call wrote are read and compared again, since later rows may repeat theirs, but not written.
    """
    for data in (*job.against, job.data):
        refuse(data, lambda schema, origin: mistakes(schema, job, origin))
    job = _pinned(job, folder)
    with folder.opened(job.identity()), closing(comparing(job)) as index:
        memory = _Memory(index, job.by == "semantic")
        for other in job.against:
            _remember(other.parts(_not_done), memory, job)
            memory.datasets.append((len(memory.names), called(other)))
        others, clock, together, kept = len(memory.names), Clock(), Tally(), 0
        reading, columns = Reading(), _Columns(job)
        for part, blocks in _ahead((part, list(part.read())) for part in job.data.parts(_not_done)):
            written = folder.state(part.number).is_file()
            kept += written
            tally = Tally(read_bytes=part.size)
            with PartFiles(folder, part.number, written) as files:
                for block in blocks:
                    for batch in block.table.combine_chunks().to_batches():
                        names = columns.of(batch.schema, part.origin)
                        _judge(reading.told(part, batch), names, memory, files, tally)
                    files.set_aside(block.unreadable)
                    tally.broken_text += block.surrogates
                    tally.count_unreadable(block.unreadable)
            folder.finish(part.number, tally)
            together.add(tally)
            tell(Progress(together, job.data.size, clock.seconds))
        if not together.rows:
            folder.forget()
            raise no_rows(job.data)
        if together.unreadable == together.rows:
            folder.forget()
            raise none_readable(job.data, together.told, together.rows)
        unify(folder)
        biggest = [
            Cluster(memory.names[head], memory.dataset(head), repeats, repeat, text)
            for head, repeats, repeat, text in memory.clusters.biggest(_BIGGEST)
        ]
        result = Result(together, biggest, len(memory.clusters), others, clock.seconds, kept)
        conclude(job, result)
        return result


def _pinned(job: Job, folder: OutFolder) -> Job:
    """Datasets of the Hub at one commit each, those of an earlier call."""
    before = folder.before()
    others = before.get("against") if isinstance(before.get("against"), list) else []
    told = [before.get("data"), *(others or ())]

    def at_one_commit(data: Files | OnHub) -> Files | OnHub:
        if not isinstance(data, OnHub):
            return data
        asked = data.identity()[:-1]
        return data.pinned(next((one for one in told if isinstance(one, list) and one[:-1] == asked), None))

    return replace(job, data=at_one_commit(job.data), against=tuple(map(at_one_commit, job.against)))


def _not_done(number: int) -> bool:
    return False


def _ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, each made in a thread while the one before it is worked on."""
    it = iter(items)
    with ThreadPoolExecutor(1, "read") as pool:
        coming = pool.submit(next, it, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, it, None)
            yield item


class _Columns:
    """The columns to compare, chosen file by file: those of another file may have other names."""

    def __init__(self, job: Job) -> None:
        self._job, self._origin, self._names = job, "", list[str]()

    def of(self, schema: pa.Schema, origin: str) -> list[str]:
        """Of a file whose first rows have this schema. Raises `UserError`."""
        if origin != self._origin and schema.names:
            self._origin, self._names = origin, compared(schema, self._job, origin)
        return self._names


def _remember(parts: Iterator[Part], memory: _Memory, job: Job) -> None:
    reading, columns = Reading(), _Columns(job)
    for part, blocks in _ahead((part, list(part.read())) for part in parts):
        for block in blocks:
            for batch in block.table.combine_chunks().to_batches():
                told = reading.told(part, batch)
                seen = _seen(told, columns.of(batch.schema, part.origin), memory, keep_all=True)
                memory.names.extend(told.ids[row] for row in (seen.found.earlier == -1).nonzero()[0].tolist())


def _seen(told: Told, columns: list[str], memory: _Memory, keep_all: bool) -> Seen:
    try:
        return memory.index.see(told.batch, columns, keep_all)
    except ValueError as error:
        raise UserError([Problem(told.origin, 0, str(error))]) from error


def _judge(told: Told, columns: list[str], memory: _Memory, files: PartFiles, tally: Tally) -> None:
    batch, ids, _ = told
    found, texts = _seen(told, columns, memory, keep_all=False)
    memory.names.extend(ids[row] for row in (found.earlier == -1).nonzero()[0].tolist())
    repeats = found.earlier >= 0
    for row in repeats.nonzero()[0].tolist():
        head, text = int(found.earlier[row]), ""
        if texts is not None and not memory.clusters.known(head):
            first = int(texts.offsets[texts.rows[row]])
            last = min(int(texts.offsets[texts.rows[row + 1]]), first + _PREVIEW)
            text = " ".join(texts.data[first:last].tobytes().decode("utf-8", "ignore").split())
        memory.clusters.see(head, ids[row], text)
        tally.of_others += bool(memory.dataset(head))
    tally.rows += batch.num_rows
    tally.duplicates += int(repeats.sum())
    tally.kept += int((~repeats).sum())
    tally.without_text += int((found.earlier < -1).sum())
    if texts is not None and len(texts.offsets):
        tally.text_bytes += int(texts.offsets[texts.rows[-1]] - texts.offsets[texts.rows[0]])
    files.add(batch, Ruling(found, memory.names, memory.dataset, memory.semantic))
