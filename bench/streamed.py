"""One run of the two tasks on our executor: `python -m bench.streamed ROWS FOLDER [stock]`.

Timed: opening the run's database, compiling the DAG, all rows through both tasks and into the journal and the ledger,
closing the books, writing Parquet, card and environment. Not timed: Python's imports and reading the YAML.
"""

import sys
import time
from pathlib import Path

import bench.two_tasks
from bench.measured import report


def main(rows: int, folder: Path, stock: bool) -> None:
    import pyarrow.parquet  # noqa: F401  # imported when a run ends, which is inside the timed part

    import smoltalk.run.stream  # noqa: F401  # the same: imported when a run starts
    from smoltalk.pipeline import load
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.session import go

    pipeline = load(bench.two_tasks.written(rows, folder, stock=stock))
    began, cpu = time.perf_counter(), time.process_time()
    books = go(pipeline, RunFolder(folder / "run"), opened=lambda opening: None, watch=lambda stream: None)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert books.accepted == rows, books
    report(rows=rows, seconds=seconds, cpu_seconds=cpu)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), "stock" in sys.argv[3:])
