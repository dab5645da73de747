"""Rows a second of the executor itself: the same two tasks with an engine that costs nothing, ours and distilabel's."""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.measured import measured, scratch
from bench.result import Result, compared

SMALL_BATCH = 50
SWEEP = (1_000, 5_000, 20_000)
"""Batch sizes among which distilabel's best is looked for."""

Rate = Callable[[Path], float]
"""A run in a fresh folder -> its rows a second."""


def results(quick: bool) -> Iterator[Result]:
    """Against distilabel at batch 50, at its best batch size, and with the very same stock steps on both sides.

    Small batches get fewer rows, since each row costs that much more there; a run's start-up is in every figure, and at
    these numbers of rows it is a small part of it.
    """
    rounds, few, many = (1, 20, 40) if quick else (3, 2_000, 50_000)
    sweep = SWEEP[:1] if quick else SWEEP
    best = sweep[0] if quick else max(sweep, key=lambda batch: once(theirs(min(many, 20_000), batch)))
    streamed, stock, at_small, at_best = alternated(
        rounds, ours(many), ours(few, stock=True), theirs(few, SMALL_BATCH), theirs(many, best)
    )
    unit, small_rival = "rows/s", f"distilabel's runner, batch {SMALL_BATCH} ({few:,} rows)"
    best_rival = f"distilabel's runner, batch {best:,}, its best of {', '.join(map(str, sweep))} ({many:,} rows)"
    yield compared("two tasks, no model", streamed, unit, small_rival, at_small)
    yield compared("two tasks, no model, best batch", streamed, unit, best_rival, at_best)
    yield compared(f"two stock distilabel tasks, no model ({few:,} rows)", stock, unit, small_rival, at_small)


def ours(rows: int, *, stock: bool = False) -> Rate:
    """A run of ours."""
    return lambda folder: _rate(measured("streamed", rows, folder, "stock" if stock else "", folder=folder))


def theirs(rows: int, batch: int) -> Rate:
    """A run of distilabel's."""
    return lambda folder: _rate(measured("distilabel_runner", rows, folder, batch, folder=folder))


def alternated(rounds: int, *rates: Rate) -> list[float]:
    """The median rate of each, their runs taking turns so that a busy moment of the machine hits all of them."""
    taken = [[once(rate) for rate in rates] for _ in range(rounds)]
    return [median(of_one) for of_one in zip(*taken, strict=True)]


def once(rate: Rate) -> float:
    """One run, its folder removed after it."""
    with scratch() as folder:
        return rate(folder)


def _rate(figures: dict[str, float]) -> float:
    return figures["rows"] / figures["seconds"]
