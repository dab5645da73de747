"""How many programs with tests a second the sandbox runs on one core, and on all, beside a new Python for each.

The rival is what pipelines do that execute code in a subprocess: `python -I -S -c` with the program and its tests, no
protection but a deadline. Programs are small and their tests import nothing, so the figure is the cost of a run.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.measured import measured, report, scratch
from bench.result import Result, compared

CODE = "def clamp(value, low, high):\n    return max(low, min(high, value))\n"
TESTS = "assert clamp(5, 0, 3) == 3\nassert clamp(-1, 0, 3) == 0\nassert clamp(2, 0, 3) == 2\n"


def results(quick: bool) -> Iterator[Result]:
    """One after another, and as many at once as there are cores."""
    with scratch() as folder:
        rates = measured("programs", *((8, 1) if quick else (300, 3)), folder=folder)
    rival = "a new Python each, unprotected"
    yield compared("programs run, one after another", rates["one"], "programs/s", rival, rates["their_one"])
    yield compared("programs run, one a core", rates["all"], "programs/s", rival, rates["their_all"])


def ours() -> None:
    """Run the program in the sandbox."""
    from smoltalk.sandbox.pool import run_python

    assert run_python(CODE, tests=TESTS).ended == "done"


def theirs() -> None:
    """Run the program in a new interpreter."""
    subprocess.run([sys.executable, "-I", "-S", "-c", CODE + TESTS], check=True, timeout=5, capture_output=True)


def rate(run: Callable[[], None], count: int, at_once: int) -> float:
    """Programs a second."""
    with ThreadPoolExecutor(at_once) as threads:
        began = time.monotonic()
        for done in [threads.submit(run) for _ in range(count)]:
            done.result()
        return count / (time.monotonic() - began)


def main(count: int, rounds: int) -> None:
    """Both sides take turns; the best of each one's rounds."""
    from smoltalk.sandbox.pool import CORES

    best: dict[str, float] = {}
    for _ in range(rounds + 1):  # the first round starts the servers, and fills the caches of both
        for name, run, at_once in (
            ("one", ours, 1), ("their_one", theirs, 1), ("all", ours, CORES), ("their_all", theirs, CORES)
        ):  # fmt: skip
            best[name] = max(best.get(name, 0.0), rate(run, count, at_once))
    report(**best)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
