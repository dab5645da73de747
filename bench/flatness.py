"""Whether a long run costs more a row, or more memory, than a short one."""

from collections.abc import Iterator

from bench.measured import measured, scratch
from bench.result import Result, compared


def results(quick: bool) -> Iterator[Result]:
    """Ten times the rows against the rows: the same two tasks as in `bench.orchestration`, each run in its own process.

    The better of two runs a size, taking turns; the rival is ourselves on the short run.
    """
    rounds, short, long = (1, 20, 200) if quick else (2, 20_000, 200_000)
    cost: dict[int, float] = {}
    peak: dict[int, float] = {}
    for _ in range(rounds):
        for rows in (short, long):
            with scratch() as folder:
                figures = measured("streamed", rows, folder, folder=folder)
            cost[rows] = min(cost.get(rows, float("inf")), figures["seconds"] / rows * 1e6)
            peak[rows] = min(peak.get(rows, float("inf")), figures["peak_mb"])
    yield compared(f"a row of {long:,}", cost[long], "µs", f"a row of {short:,}", cost[short])
    yield compared(f"peak memory, {long:,} rows", peak[long], "MB", f"peak memory, {short:,} rows", peak[short])
