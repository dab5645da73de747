"""What the report of a million rows costs: `python -m bench.report ROWS FOLDER` makes the run and reads it.

The run is written by the real journal and the real end of a run; of its rows, one in ten was turned away or failed.
Timed is `smoltalk report` from start to end in a process of its own, imports and machine code included.
"""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from bench.measured import measured, report, scratch
from bench.result import Result, compared

ROWS = 1_000_000
SECONDS, MEGABYTES = 60, 5
"""What is allowed."""
_PIPELINE = """\
name: many
description: Short rows for a measurement.
licence: apache-2.0
engines: {nano: {nano: {}}}
target: {accepted: 1}
steps:
  - magpie: {engine: nano, categories: {math: 1, facts: 1, writing: 1}}
  - ask: {engine: nano, template: rate_quality}
gates:
  - length: {of: messages, min: 4, max: 300}
  - near_duplicate: {on: messages}
  - decontaminate: {against: [gsm8k]}
keep: [category, quality]
"""
_QUALITIES = {"very poor": 1, "poor": 3, "average": 20, "good": 60, "excellent": 16}


def results(quick: bool) -> Iterator[Result]:
    """Seconds, and the size of the page."""
    rows = 2_000 if quick else ROWS
    with scratch() as folder:
        found = measured("report", rows, folder, folder=folder)
    yield compared(f"report of {rows:,} rows", found["seconds"], "s", "our limit", SECONDS)
    yield compared(f"its page, {rows:,} rows", found["megabytes"], "MB", "our limit", MEGABYTES)


def main(rows: int, folder: Path) -> None:
    """Make the run, report it."""
    run = folder / "run"
    _write(rows, folder, run)
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "smoltalk", "report", str(run)], check=True, capture_output=True)
    report(seconds=time.monotonic() - began, megabytes=(run / "report.html").stat().st_size / 1e6)


def _write(rows: int, folder: Path, run: Path) -> None:
    from smoltalk.pipeline import load
    from smoltalk.run.folder import RunFolder, locked
    from smoltalk.run.session import begin, finish

    (folder / "many.yaml").write_text(_PIPELINE)
    pipeline, place = load(folder / "many.yaml"), RunFolder(run)
    with locked(place):
        begin(pipeline, place)
        asyncio.run(_book(rows, place.database))
        finish(pipeline, place)


async def _book(rows: int, database: Path) -> None:
    from smoltalk.run.journal import Journal

    journal, draw = Journal(database), random.Random(0)
    words = [f"word{number}" for number in range(3_000)]
    for row in range(rows):
        journal.fate(_fate(row, draw, words))
        if row % 20_000 == 0:
            await journal.flush()
    journal.note(state="complete", why="", born=rows, seconds=100.0)
    await journal.close()


def _fate(row: int, draw: random.Random, words: list[str]) -> Any:
    from smoltalk.run.journal import Fate

    name = f"{draw.getrandbits(64):016x}"
    asked, answer = (" ".join(draw.choices(words, k=count)) for count in (20, 60))
    columns = {
        "id": name, "source": "many", "category": draw.choice(["math", "facts", "writing"]),
        "instruction": asked, "quality": draw.choices(list(_QUALITIES), list(_QUALITIES.values()))[0],
        "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}],
        "reward": draw.gauss(0, 1),
    }  # fmt: skip
    fate, gate, reason, evidence = _end(draw.random(), asked)
    said = (orjson.dumps(one, option=orjson.OPT_SORT_KEYS).decode() for one in (evidence, columns))
    return Fate(row, name, fate, gate, reason, *said)


def _end(chance: float, asked: str) -> tuple[str, str, str, dict[str, Any]]:
    if chance < 0.05:
        return "rejected", "length", "too_short", {"column": "messages", "unit": "words", "length": 3, "min": 4}
    if chance < 0.09:
        return "rejected", "near_duplicate", "near_duplicate", {"duplicate_of": "0" * 16, "similarity": 0.8}
    if chance < 0.095:
        found = {"benchmark": "gsm8k", "item": "7", "score": 0.9, "kind": "edited", "column": "messages", "text": asked}
        return "rejected", "decontaminate", "in_gsm8k", found
    if chance < 0.1:
        return "failed", "ask_rate_quality", "unparseable", {"detail": "no JSON"}
    return "accepted", "", "", {}


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
