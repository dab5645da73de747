"""Runs that people review, and sheets that they have filled in."""

import csv
import io
from pathlib import Path
from typing import Any

from tests.run.published_runs import PIPELINE, accepted, closed, ended, loaded, turns

HUMAN = PIPELINE.replace("keep:", "  - human: {sample: 3, wait: true}\nkeep:")
KEY = "a-very-secret-key-0123456789"


def run_in(place: Path, text: str = PIPELINE, rows: Any = None, state: str = "complete") -> str:
    """The folder of a run with these rows."""
    if rows is None:
        rows = [accepted(f"a{n}", f"Question {n}?", f"=Answer {n}.", topic="t", score=n / 2) for n in range(6)]
        rows.append(ended("r1", "rejected", "Short", "too_long", {}, messages=turns("long")))
    run = closed(place / "run", rows, state)
    run.pipeline.write_text(loaded(place, text=text).text)
    return str(run.path)


def fill(path: Path, **answers: dict[str, str]) -> None:
    """Fill in lines by the id of their row."""
    lines = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(lines[0]))
    writer.writeheader()
    for line in lines:
        writer.writerow(line | answers.get(line["record"].rpartition("-")[0], {}))
    path.write_text(stream.getvalue(), "utf-8", newline="")
