"""The timed runs of the contamination measurement: `python -m bench.contamination_speed WHAT DATA_FOLDER MEGABYTES`.

Only the work itself is timed, as CPU seconds of this process: ours from an Arrow column to hits, a rival's from Python
strings to flags.
"""

import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contamination_rules import open_r1_as_written
from bench.contamination_set import conversations, protected
from bench.contamination_text import batches
from bench.measured import report

if TYPE_CHECKING:
    from smoltalk.benchmarks.index import Desk, Index
    from smoltalk.words import Texts

THRESHOLD = 0.5


def streamed(folder: Path, size: int) -> None:
    """Ours over text that is made as it is read."""
    from smoltalk.benchmarks.index import Desk
    from smoltalk.words import texts_of_column

    index, _ = _index()
    desk, seconds, scanned, hits = Desk(index), 0.0, 0, 0
    rows = conversations(folder)
    index.scan(texts_of_column(next(batches(rows, 1))), desk=desk)  # compiles
    before = _peak()
    for column in batches(rows, size):
        began = time.process_time()
        texts = texts_of_column(column)
        hits += len(index.scan(texts, desk=desk).rows)
        seconds += time.process_time() - began
        scanned += len(texts.data)
    report(seconds=seconds, megabytes=scanned / 1e6, hits=hits, grown_mb=_peak() - before)


def held(folder: Path, size: int) -> None:
    """Ours over text that is in memory, by one thread and by four, taking turns; the best of three, wall clock."""
    import pyarrow as pa

    from smoltalk.benchmarks.index import Desk
    from smoltalk.words import texts_of, texts_of_column

    columns = pa.chunked_array(list(batches(conversations(folder), size))).combine_chunks()
    texts = texts_of_column(columns)
    megabytes, rows, bare = len(texts.data) / 1e6, len(texts.rows) - 1, _peak()
    index, _ = _index()
    bounds = range(0, rows + 1, max(1, rows // 64))
    pieces = [(low, min(low + bounds.step, rows)) for low in bounds if low < rows]
    best = {1: float("inf"), 4: float("inf")}
    cpu = float("inf")
    index.scan(texts_of([["compiled now"]]))
    for _ in range(3):
        for threads in best:
            with ThreadPoolExecutor(threads) as pool:
                desks = [Desk(index) for _ in range(threads)]
                began, used = time.perf_counter(), time.process_time()
                jobs = [pool.submit(_some, index, texts, pieces[at::threads], desks[at]) for at in range(threads)]
                hits = sum(job.result() for job in jobs)
                best[threads] = min(best[threads], time.perf_counter() - began)
                cpu = min(cpu, time.process_time() - used) if threads == 1 else cpu
    report(megabytes=megabytes, one=best[1], four=best[4], seconds=cpu, hits=hits, beside_mb=_peak() - bare)


def _some(index: "Index", texts: "Texts", pieces: Sequence[tuple[int, int]], desk: "Desk") -> int:
    return sum(len(index.scan(texts, first, last, desk).rows) for first, last in pieces)


def index(folder: Path, size: int) -> None:
    """Ours: fingerprints of all items made anew, the shipped ones loaded, and the table of either; wall clock."""
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
    entered = time.perf_counter()
    _, loading = _index()
    report(items=sum(map(len, of.values())), building=built - began, entering=entered - built, loading=loading)


def rule(folder: Path, size: int) -> None:
    """open-r1's rule, by the steps of its script."""
    flagged = open_r1_as_written([item.stem for items in protected(folder).values() for item in items])
    seconds, scanned, hits = 0.0, 0, 0
    for column in batches(conversations(folder), size):
        rows = [tuple((turn["role"], turn["content"]) for turn in row) for row in column.to_pylist()]
        began = time.process_time()
        hits += sum(map(flagged, rows))
        seconds += time.process_time() - began
        scanned += sum(len(text.encode("utf-8", "replace")) for row in rows for _, text in row)
    report(seconds=seconds, megabytes=scanned / 1e6, hits=hits)


def _index() -> "tuple[Index, float]":
    """The shipped benchmarks, and how long loading took."""
    from smoltalk.benchmarks import folder, prints
    from smoltalk.benchmarks.index import Index

    began = time.perf_counter()
    made = Index(prints(sorted(path.stem for path in folder().glob("*.npz")), None), THRESHOLD)
    return made, time.perf_counter() - began


def _peak() -> float:
    """MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


WHAT = {"streamed": streamed, "held": held, "index": index, "rule": rule}

if __name__ == "__main__":
    WHAT[sys.argv[1]](Path(sys.argv[2]), int(float(sys.argv[3]) * 1e6))
