"""`python -m bench [--quick]`: measures everything, prints a table, writes `bench/results.json`.

`--quick` runs each measurement at a toy size, to see that it works; its figures mean nothing and are not written.
Names of measurements (`startup orchestration flatness engine_share`) run only those, and print without writing.
"""

import sys
import time
from pathlib import Path

from bench import engine_share, flatness, orchestration, startup
from bench.result import Result, table, write

MEASUREMENTS = {
    "startup": startup.results,
    "orchestration": orchestration.results,
    "flatness": flatness.results,
    "engine_share": engine_share.results,
}
RESULTS = Path(__file__).resolve().parent / "results.json"


def main(arguments: list[str]) -> None:
    """Run what is asked for; all of it when nothing is."""
    quick, chosen = "--quick" in arguments, [a for a in arguments if a != "--quick"]
    if unknown := set(chosen) - MEASUREMENTS.keys():
        sys.exit(f"no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    results: list[Result] = []
    for name in chosen or MEASUREMENTS:
        began = time.monotonic()
        results += MEASUREMENTS[name](quick)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table(results))
    if not (quick or chosen):
        write(results, RESULTS)


if __name__ == "__main__":
    main(sys.argv[1:])
