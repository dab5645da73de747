"""One call of `smoltalk decontaminate`: parts to threads, and what they counted together again."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from smoltalk.decontamination import Finder, Method, finder
from smoltalk.decontamination.folder import OutFolder
from smoltalk.decontamination.heads import no_rows, no_texts, none_readable, refuse
from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.parts import Files, Part
from smoltalk.decontamination.tally import Tally, total
from smoltalk.decontamination.unify import unify
from smoltalk.decontamination.work import Way, work
from smoltalk.errors import UserError
from smoltalk.words.compiling import Clock

THRESHOLD = 0.5
"""The score of `coverage` from which on a row holds an item, where the call does not say."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a call is asked for."""

    data: Files | OnHub
    against: tuple[str, ...]
    method: Method = "coverage"
    threshold: float = THRESHOLD
    of: tuple[str, ...] = ()
    threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    def identity(self, sources: Sequence[str]) -> dict[str, Any]:
        """What must be the same for rows of an earlier call to stand; `sources` are the finder's."""
        return {
            "data": self.data.identity(), "benchmarks": list(sources), "method": self.method,
            "threshold": self.threshold, "columns": list(self.of),
        }  # fmt: skip


class Progress(NamedTuple):
    """How far a call is."""

    tally: Tally
    """Of all finished parts."""
    size: int
    """Bytes of the whole input on disk; 0 where nobody knows."""
    seconds: float
    """Since the first part was begun in this call, without compiling."""
    bytes_now: int
    """Bytes of text looked through in this call."""


class Result(NamedTuple):
    """What a call comes to."""

    tally: Tally
    sizes: Mapping[str, int]
    """Items in each benchmark."""
    sources: tuple[str, ...]
    """What each was built from."""
    seconds: float
    bytes_now: int
    kept: int
    """Parts that an earlier call had finished."""
    job: Job
    """What was done: a dataset of the Hub at the commit that was read."""


def decontaminate(
    job: Job, folder: OutFolder, tell: Callable[[Progress], None], conclude: Callable[[Result], None]
) -> Result:
    """Do what is left of a job; `conclude` writes into the folder too, before another call may.

    Raises `UserError`, `WorldError`, `OSError`; an interrupted call can be made again.
    """
    refuse(job.data, lambda schema, origin: no_texts(schema, job.of, origin))
    if isinstance(job.data, OnHub):
        job = replace(job, data=job.data.pinned(folder.before().get("data")))
    ready = finder(job.against, job.method, job.threshold)
    with folder.opened(job.identity(ready.sources)):
        kept = folder.finished()
        clock, before = Clock(), total(kept.values())
        together = before.model_copy(deep=True)
        try:
            for tally in _scanned(job, ready, folder, kept):
                together.add(tally)
                tell(Progress(together, job.data.size, clock.seconds, together.text_bytes - before.text_bytes))
            if not together.rows:
                raise no_rows(job.data)
            if together.unreadable == together.rows:
                raise none_readable(job.data, together.told, together.rows)
        except UserError:
            if not kept or together.unreadable == together.rows:
                folder.forget()
            raise
        unify(folder)
        told = total(folder.finished().values())  # in the order of parts, whichever was finished first
        sizes = dict(zip(ready.names, ready.sizes, strict=True))
        bytes_now = told.text_bytes - before.text_bytes
        result = Result(told, sizes, ready.sources, clock.seconds, bytes_now, len(kept), job)
        conclude(result)
        return result


def _scanned(job: Job, ready: Finder, folder: OutFolder, kept: Mapping[int, Tally]) -> Iterator[Tally]:
    """The tally of each part as it is finished. Few parts are under way at a time, so memory does not grow."""
    way, stopped, desks = Way(ready, job.method, job.of), threading.Event(), threading.local()

    def one(part: Part) -> Tally:
        if not hasattr(desks, "desk"):
            desks.desk = ready.desk()
        return work(part, way, desks.desk, folder, stopped)

    waiting: set[Future[Tally]] = set()
    with ThreadPoolExecutor(job.threads, "scan") as pool:
        try:
            for part in job.data.parts(kept.__contains__):
                if part.number in kept:
                    continue
                if len(waiting) > job.threads:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
                waiting.add(pool.submit(one, part))
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BaseException:
            stopped.set()
            for future in waiting:
                future.cancel()
            raise
