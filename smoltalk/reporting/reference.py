"""Rates of tell-tale phrases in a reference: the shipped one, measured on what people wrote, or a user's own data.

`python -m smoltalk.reporting.reference SENTENCE FILE.jsonl ...` measures the shipped one anew, into `human.toml`.
"""

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from smoltalk.decontamination.columns import placed, text_columns
from smoltalk.reporting.scanning import scan_turns
from smoltalk.reporting.spoken import PARTS, ROLES, spoken
from smoltalk.reporting.tells import Told, empty, tells

_FILE = Path(__file__).with_name("human.toml")
_ROWS = 200_000
"""Rows of a user's reference that are looked at."""


class Reference(NamedTuple):
    """What was counted in it."""

    what: str
    """What it is, with its size, source and licence: a sentence or two."""
    rows: int
    words: int
    told: Told


def shipped() -> Reference:
    """The rates that come with this package."""
    found = tomllib.loads(_FILE.read_text("utf-8"))
    told = empty()
    for number, tell in enumerate(tells()):
        told.times[number], told.rows[number] = found["phrases"].get(tell.phrase, (0, 0))
    what = f"{found['what']} ({found['rows']:,} texts, {found['words']:,} words)"
    return Reference(what, found["rows"], found["words"], told)


def measured(data: Sequence[str]) -> Reference:
    """Of a user's data: files, folders, runs, or one dataset of the Hub; its first 200,000 rows.

    The assistant's turns count, of pairs the chosen answers; where nobody speaks, all texts do.
    Raises `UserError` for a path with nothing to read, `WorldError` where the Hub cannot be reached.
    """
    from smoltalk.duplicates.others import rows_of

    rows = words = 0
    told = empty()
    for batch, _, _ in rows_of(data):
        found, spoke, said = _counted(batch)
        told = Told(told.times + found.times, told.rows + found.rows)
        rows, words = rows + spoke, words + said
        if rows >= _ROWS:
            break
    return Reference(f"{', '.join(data)} ({rows:,} rows, {words:,} words)", rows, words, told)


def _counted(batch: pa.RecordBatch) -> tuple[Told, int, int]:
    turns = spoken(batch)
    counts = (turns.roles == ROLES.index("assistant")) & (turns.parts != PARTS.index("rejected"))
    if counts.any():
        data, offsets = turns.buffers()
        of_rows = turns.rows
    else:
        texts = placed(batch, text_columns(batch.schema)).texts
        data, offsets = texts.data, texts.offsets
        of_rows = np.repeat(np.arange(batch.num_rows), np.diff(texts.rows))
        counts = np.ones(len(of_rows), bool)
    found = scan_turns(data, offsets, of_rows, counts)
    return found.told, len(np.unique(of_rows[counts])), int(found.words[counts].sum())


def _main(what: str, paths: Sequence[str]) -> None:
    found = measured(paths)
    lines = [
        "# Tell-tale phrases in texts that people wrote: [times, texts that hold it].",
        "# Written by `python -m smoltalk.reporting.reference`; the texts themselves are not shipped.",
        f"what = {_quoted(what)}",
        f"rows = {found.rows}",
        f"words = {found.words}",
        "",
        "[phrases]",
    ]
    for tell, times, rows in zip(tells(), found.told.times.tolist(), found.told.rows.tolist(), strict=True):
        lines.append(f"{_quoted(tell.phrase)} = [{times}, {rows}]")
    _FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    """A basic string of TOML, which takes JSON's escapes."""
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
