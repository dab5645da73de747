"""One measured figure beside its rival's, the table they are printed as, and the file they are kept in."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import described


class Result(NamedTuple):
    """A figure and its rival's, both in `unit`, measured in the same run."""

    name: str
    value: float
    unit: str
    rival: str
    rival_value: float
    ratio: float | None
    """`value / rival_value`, so that it reads in the direction of the unit: more rows/s is better, more s is worse.
    None beside a rival that is 0."""
    interval: tuple[float, float] | None = None
    """In which `value` lies with 95 %, where items or trainings were drawn."""


def compared(
    name: str, value: float, unit: str, rival: str, rival_value: float, interval: tuple[float, float] | None = None
) -> Result:
    """A result with its ratio, rounded to what the figures are worth."""
    ratio = round(value / rival_value, 3) if rival_value else None
    within = (_rounded(interval[0]), _rounded(interval[1])) if interval else None
    return Result(name, _rounded(value), unit, rival, _rounded(rival_value), ratio, within)


def _rounded(value: float) -> float:
    return round(value, 3 if value < 10 else 1 if value < 1000 else 0)


def table(results: Iterable[Result]) -> str:
    """For the screen: a line a result."""
    lines = [("what", "ours", "rival's", "unit", "ratio", "rival")]
    lines += [(r.name, _told(r), f"{r.rival_value:,g}", r.unit, _ratio(r), r.rival) for r in results]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    flush_left = (0, 3, 5)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in flush_left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _told(result: Result) -> str:
    within = f" [{result.interval[0]:,g}, {result.interval[1]:,g}]" if result.interval else ""
    return f"{result.value:,g}{within}"


def _ratio(result: Result) -> str:
    return "" if result.ratio is None else f"{result.ratio:.2f}"


def written(path: Path) -> list[dict[str, Any]]:
    """Results as they stand in the file: the fields of `Result`, and of which measurement, when and on what."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


def write(measured: Mapping[str, Sequence[Result]], path: Path, order: Sequence[str]) -> None:
    """Put results by measurement into the file, a JSON list of objects, one a line, in the order of measurements.

    A measurement that is not among them, or that measured nothing here, keeps its results of last time.
    """
    stamp = {"machine": described(), "date": time.strftime("%Y-%m-%d")}
    new = [
        {"measurement": name, **_fields(result), **stamp} for name, results in measured.items() for result in results
    ]
    replaced = {one["measurement"] for one in new}
    kept = [one for one in written(path) if one["measurement"] not in replaced and one["measurement"] in order]
    both = sorted(kept + new, key=lambda one: order.index(one["measurement"]))
    lines = ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in both)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _fields(result: Result) -> dict[str, Any]:
    """By name; the interval only where there is one."""
    return {name: value for name, value in result._asdict().items() if name != "interval" or value is not None}
