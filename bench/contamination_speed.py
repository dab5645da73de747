"""The timed runs of the contamination measurement: `python -m bench.contamination_speed WHAT DATA_FOLDER MEGABYTES`.

Only the work itself is timed: ours from Arrow batches to hits, by the calls that `smoltalk decontaminate` makes for a
batch, a rival's from Python strings to flags. Its text is of the half of the conversations that the product was not
tuned on. The whole command, files to files, is in `contamination_command.py`.
"""

import queue
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contamination_rules import open_r1_as_written
from bench.contamination_set import conversations, held_out, protected
from bench.contamination_text import batches, joined
from bench.measured import report

if TYPE_CHECKING:
    import pyarrow as pa

    from smoltalk.decontamination import Finder

THRESHOLD = 0.5


def streamed(folder: Path, size: int) -> None:
    """Ours over text that is made as it is read."""
    _timed(_finder(), batches(held_out(conversations(folder)), size))


def long(folder: Path, size: int) -> None:
    """Ours over one row of that size: ordinary conversations as one turn; the best of three."""
    _timed(_finder(), [joined(held_out(conversations(folder)), size)] * 3, best=True)


def _timed(ready: "Finder", given: "Iterator[pa.RecordBatch] | Sequence[pa.RecordBatch]", best: bool = False) -> None:
    """Report CPU seconds for all batches, or for the `best` of them."""
    desk, each = ready.desk(), list[tuple[float, int]]()
    hits = _looked_through(_sample(), ready, desk)[1]  # compiles
    before = _peak()
    for batch in given:
        began = time.process_time()
        scanned, found = _looked_through(batch, ready, desk)
        each.append((time.process_time() - began, scanned))
        hits += found
    kept = [min(each)] if best else each
    seconds, scanned = sum(one for one, _ in kept), sum(many for _, many in kept)
    report(seconds=seconds, megabytes=scanned / 1e6, hits=hits, grown_mb=_peak() - before)


def _looked_through(batch: "pa.RecordBatch", ready: "Finder", desk: object) -> tuple[int, int]:
    """Bytes of text and hits of a batch: what `smoltalk.decontamination.work` does until it has them."""
    from smoltalk.decontamination.columns import placed, text_columns

    found = placed(batch, text_columns(batch.schema))
    batch.validate(full=True)  # is it UTF-8?
    hits = ready.find(found.texts, desk)
    return int(found.texts.offsets[-1] - found.texts.offsets[0]), len(hits)


def held(folder: Path, size: int) -> None:
    """Ours over text that is in memory, by one thread and by four, taking turns; the best of three, wall clock.

    Threads take parts as the command makes them, each of several batches, and write nothing.
    """
    from smoltalk.decontamination.parts import PART

    parts: list[list[pa.RecordBatch]] = [[]]
    for batch in batches(held_out(conversations(folder)), size):
        if sum(one.nbytes for one in parts[-1]) >= PART:
            parts.append([])
        parts[-1].append(batch)
    bare = _peak()
    ready = _finder()
    _looked_through(_sample(), ready, ready.desk())  # compiles
    best = {1: float("inf"), 4: float("inf")}
    scanned = hits = 0
    for _ in range(3):
        for threads in best:
            began = time.perf_counter()
            scanned, hits = _by_threads(threads, parts, ready)
            best[threads] = min(best[threads], time.perf_counter() - began)
    megabytes = scanned / 1e6
    report(megabytes=megabytes, one=best[1], four=best[4], parts=len(parts), hits=hits, beside_mb=_peak() - bare)


def _by_threads(threads: int, parts: "Sequence[Sequence[pa.RecordBatch]]", ready: "Finder") -> tuple[int, int]:
    """Bytes and hits; whichever thread is free takes the next part."""
    waiting: queue.SimpleQueue[Sequence[pa.RecordBatch]] = queue.SimpleQueue()
    for part in parts:
        waiting.put(part)

    def work(_: int) -> tuple[int, int]:
        desk, scanned, hits = ready.desk(), 0, 0
        while True:
            try:
                part = waiting.get_nowait()
            except queue.Empty:
                return scanned, hits
            for batch in part:
                many, found = _looked_through(batch, ready, desk)
                scanned, hits = scanned + many, hits + found

    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(work, range(threads)))
    return sum(many for many, _ in done), sum(found for _, found in done)


def index(folder: Path, size: int) -> None:
    """Ours: fingerprints of all items made anew, and their table; wall clock, compiled code and libraries loaded."""
    from smoltalk.benchmarks.build import build
    from smoltalk.benchmarks.index import Index
    from smoltalk.words import texts_of

    of = protected(folder)
    first = next(iter(of))
    Index([build(first, of[first], "")], THRESHOLD).scan(texts_of([["compiled now"]]))
    began = time.perf_counter()
    made = [build(name, items, "") for name, items in of.items()]
    built = time.perf_counter()
    Index(made, THRESHOLD)
    report(items=sum(map(len, of.values())), building=built - began, entering=time.perf_counter() - built)


def load(folder: Path, size: int) -> None:
    """Ours: the shipped benchmarks, as the first thing a process does; wall clock.

    `imports` is what numpy, numba and pyarrow take before; `load` is all that is the product's, until a row can be
    looked at; `first` is the first row, which loads the compiled code that the machine has on disk.
    """
    began = time.perf_counter()
    import numba  # noqa: F401
    import pyarrow  # noqa: F401

    imported = time.perf_counter()
    ready = _finder()
    loaded = time.perf_counter()
    _looked_through(_sample(), ready, ready.desk())
    report(imports=imported - began, load=loaded - imported, first=time.perf_counter() - loaded)


def read(folder: Path, size: int) -> None:
    """Ours: the shipped fingerprints read and checked, as the first thing a process does; wall clock."""
    import numpy  # noqa: F401

    from smoltalk.benchmarks import folder as shipped
    from smoltalk.benchmarks import prints

    began = time.perf_counter()
    found = prints(sorted(path.stem for path in shipped().glob("*.npz")))
    report(read=time.perf_counter() - began, fingerprints=len(found))


def rule(folder: Path, size: int) -> None:
    """open-r1's rule, by the steps of its script."""
    flagged = open_r1_as_written([item.stem for items in protected(folder).values() for item in items])
    seconds, scanned, hits = 0.0, 0, 0
    for batch in batches(held_out(conversations(folder)), size):
        rows = [tuple((turn["role"], turn["content"]) for turn in row) for row in batch["messages"].to_pylist()]
        began = time.process_time()
        hits += sum(map(flagged, rows))
        seconds += time.process_time() - began
        scanned += sum(len(text.encode("utf-8", "replace")) for row in rows for _, text in row)
    report(seconds=seconds, megabytes=scanned / 1e6, hits=hits)


def shipped() -> list[str]:
    """The benchmarks whose fingerprints the project ships."""
    from smoltalk.benchmarks import folder

    return sorted(path.stem for path in folder().glob("*.npz"))


def _finder() -> "Finder":
    from smoltalk.decontamination import finder

    return finder(shipped(), "coverage", THRESHOLD)


def _sample() -> "pa.RecordBatch":
    return next(batches([(("user", "compiled now"),)], 1))


def _peak() -> float:
    """MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


WHAT = {"streamed": streamed, "long": long, "held": held, "index": index, "load": load, "read": read, "rule": rule}

if __name__ == "__main__":
    WHAT[sys.argv[1]](Path(sys.argv[2]), int(float(sys.argv[3]) * 1e6))
