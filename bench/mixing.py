"""What mixing a million short rows of five sources costs: `python -m bench.mixing ROWS FOLDER`.

Both sides read the same files, bring other columns to `messages`, leave out benchmark items, exact and near duplicates,
take the shares, split, and write Parquet; both use all cores as far as they can. Timed is the wall clock, from files to
files. The rival (`bench.mixing_datasets`) is given fewer rows, since its rate hardly depends on how many there are.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bench.measured import measured, report, scratch
from bench.mixing_rows import write_sources
from bench.result import Result, compared

ROWS, FEWER, SLOW = 1_000_000, 250_000, 100_000
"""Rows for the figure, to see how memory grows, and for the rival."""
MOST_MB = 2_000
_BYTES_A_ROW = 1_200
"""What may be kept of a row: the near duplicates' sketch and table, its names, its key."""


def results(quick: bool) -> Iterator[Result]:
    """Rows a second against `datasets`, and how much memory, at two sizes."""
    rows, fewer, slow = (4_000, 1_000, 1_000) if quick else (ROWS, FEWER, SLOW)
    with scratch() as folder:
        few, many = (_ours(folder, size) for size in (fewer, rows))
        if find_spec("rensa") is None:
            print("mixing: not beside datasets, whose side needs rensa (the extra `bench`)", file=sys.stderr)
        else:
            theirs = measured("mixing_datasets", slow, _made(folder, slow), folder=folder)
            name = f"mixing {rows:,} rows, or {slow:,}"
            yield compared(name, many["rate"], "rows/s", "datasets, rensa", theirs["rate"])
            print(f"mixing: the rival let {theirs['kept']:,.0f} of {slow:,} rows pass", file=sys.stderr)
        yield compared(f"memory of mixing {rows:,} rows", many["peak_mb"], "MB", "our limit", MOST_MB)
        grown = max((many["peak_mb"] - few["peak_mb"]) * 2**20 / (rows - fewer), 1.0)
        yield compared(f"memory of one more row, {fewer:,} to {rows:,}", grown, "bytes", "our limit", _BYTES_A_ROW)


def _ours(folder: Path, rows: int) -> dict[str, float]:
    return measured("mixing", rows, _made(folder, rows), folder=folder)


def _made(folder: Path, rows: int) -> Path:
    """The sources, made by a process that is not measured."""
    place = folder / str(rows)
    if not place.exists():
        place.mkdir()
        write_sources(place, rows)
    return place


def main(rows: int, folder: Path) -> None:
    """Mix once to warm up (machine code, imports), then as told; report rows a second, and what passed."""
    from smoltalk.mixing.session import mix
    from smoltalk.pipeline import load
    from smoltalk.run.folder import RunFolder

    small = folder / "small"
    small.mkdir()
    mix(load(write_sources(small, 1_000)), RunFolder(folder / "warm"), lambda progress: None)
    began = time.monotonic()
    done = mix(load(folder / "mixing.yaml"), RunFolder(folder / "run"), lambda progress: None)
    seconds = time.monotonic() - began
    accepted, born = done.books.accepted, done.books.born
    shutil.rmtree(folder / "run")
    report(rate=rows / seconds, kept=accepted, born=born)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
