"""How long a person waits for `smoltalk --help`, and for `smoltalk check` on every pipeline that ships."""

import subprocess
import sys
import time
from collections.abc import Iterator

from bench.measured import ROOT
from bench.result import Result, compared

HELP_LIMIT = 0.3
CHECK_LIMIT = 1.0
"""Seconds that we allow ourselves."""
_OF_RUNS = "run: runs/"
"""In mixtures of runs that must be made first."""


def results(quick: bool) -> Iterator[Result]:
    """Wall time of the whole process, the best of five; the rival is the limit."""
    times = 1 if quick else 5
    yield compared("smoltalk --help", _best(times, "--help"), "s", "our limit", HELP_LIMIT)
    there = [path for path in sorted((ROOT / "pipelines").glob("*.yaml")) if _OF_RUNS not in path.read_text("utf-8")]
    for path in there[: 1 if quick else None]:
        shown = str(path.relative_to(ROOT))
        yield compared(f"smoltalk check {shown}", _best(times, "check", shown), "s", "our limit", CHECK_LIMIT)


def _best(times: int, *arguments: str) -> float:
    return min(_seconds(*arguments) for _ in range(times))


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-m", "smoltalk", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
