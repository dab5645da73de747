"""`python -m bench [--quick] [MEASUREMENT ...]`: measures, prints a table, writes `bench/results.json`.

`--quick` runs each measurement at a toy size, to see that it works; its figures mean nothing and are not written.
Names of measurements (`startup vllm_four_steps`) run only those; the others keep their results of last time, as does a
measurement that this machine lacks something for, such as vLLM.
"""

import sys
import time
from pathlib import Path

from bench import (
    client_cost,
    contamination,
    duplicates,
    engine_share,
    evaluation,
    flatness,
    learning,
    mixing,
    orchestration,
    programs,
    report,
    review,
    startup,
    training,
    verifications,
    vllm_four_steps,
)
from bench.result import Result, table, write

MEASUREMENTS = {
    "startup": startup.results,
    "orchestration": orchestration.results,
    "flatness": flatness.results,
    "engine_share": engine_share.results,
    "client_cost": client_cost.results,
    "vllm_four_steps": vllm_four_steps.results,
    "contamination": contamination.results,
    "duplicates": duplicates.results,
    "mixing": mixing.results,
    "report": report.results,
    "verifications": verifications.results,
    "programs": programs.results,
    "review": review.results,
    "learning": learning.results,
    "training": training.results,
    "evaluation": evaluation.results,
}
RESULTS = Path(__file__).resolve().parent / "results.json"


def main(arguments: list[str]) -> None:
    """Run what is asked for; all of it when nothing is."""
    quick, chosen = "--quick" in arguments, [a for a in arguments if a != "--quick"]
    if unknown := set(chosen) - MEASUREMENTS.keys():
        sys.exit(f"no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    measured: dict[str, list[Result]] = {}
    for name in chosen or MEASUREMENTS:
        began = time.monotonic()
        measured[name] = list(MEASUREMENTS[name](quick))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table(result for results in measured.values() for result in results))
    if not quick:
        write(measured, RESULTS, tuple(MEASUREMENTS))


if __name__ == "__main__":
    main(sys.argv[1:])
