"""One measured figure beside its rival's, the table they are printed as, and the file they are kept in."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Result(NamedTuple):
    """A figure and its rival's, both in `unit`, measured in the same run."""

    name: str
    value: float
    unit: str
    rival: str
    rival_value: float
    ratio: float
    """`value / rival_value`, so that it reads in the direction of the unit: more rows/s is better, more s is worse."""


def compared(name: str, value: float, unit: str, rival: str, rival_value: float) -> Result:
    """A result with its ratio, rounded to what the figures are worth."""
    return Result(name, _rounded(value), unit, rival, _rounded(rival_value), round(value / rival_value, 3))


def _rounded(value: float) -> float:
    return round(value, 3 if value < 10 else 1 if value < 1000 else 0)


def table(results: Iterable[Result]) -> str:
    """For the screen: a line a result."""
    lines = [("what", "ours", "rival's", "unit", "ratio", "rival")]
    lines += [(r.name, f"{r.value:,g}", f"{r.rival_value:,g}", r.unit, f"{r.ratio:.2f}", r.rival) for r in results]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    flush_left = (0, 3, 5)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in flush_left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write(results: Iterable[Result], path: Path) -> None:
    """As a JSON list of objects, one a line."""
    lines = ",\n".join("  " + json.dumps(result._asdict(), ensure_ascii=False) for result in results)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
