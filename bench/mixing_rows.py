"""Five datasets with what real ones have: other columns each, copies of each other's rows, and benchmark items in some.

The same for the same number of rows: short conversations of made-up words, of frequencies as in any language.
"""

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SIZES = {"chat": 0.3, "shared": 0.25, "questions": 0.2, "tasks": 0.15, "stories": 0.1}
"""The share of all rows that each source has; the earlier of two that have the same row keeps it."""
TAKEN = 0.85
"""The share of its rows that goes in."""
ITEMS = 500
COPIED, EDITED, HELD = 0.04, 0.04, 0.002
"""Shares of rows: copies in other case and spacing, copies with a few words exchanged, and with a benchmark item."""
_EXCHANGED = 0.03


class Exchange(NamedTuple):
    """One row."""

    asked: str
    answered: str


def write_sources(folder: Path, rows: int) -> Path:
    """Each source as a file of its own form, and `items.jsonl`; returns the pipeline that mixes them."""
    draw = random.Random(11)
    words = _words(draw)
    sentences = _sentences(draw, words, 60_000, 4, 16)
    items = _sentences(draw, words, ITEMS, 18, 30)
    (folder / "items.jsonl").write_text(
        "".join(json.dumps({"id": str(number), "question": item}) + "\n" for number, item in enumerate(items))
    )
    before: list[Exchange] = []
    for name, share in SIZES.items():
        made = _rows(int(rows * share), draw, sentences, words, items, before)
        if name in ("questions", "tasks"):
            _write_parquet(folder / f"{name}.parquet", name, made)
        else:
            with (folder / f"{name}.jsonl").open("w") as file:
                file.writelines(json.dumps(_as(name, row)) + "\n" for row in made)
    return _write_pipeline(folder, rows)


def file_of(folder: Path, name: str) -> Path:
    """A source's file."""
    return folder / f"{name}.{'parquet' if name in ('questions', 'tasks') else 'jsonl'}"


def _rows(
    rows: int, draw: random.Random, sentences: list[str], words: list[str], items: list[str], before: list[Exchange]
) -> Iterator[Exchange]:
    for _ in range(rows):
        chance = draw.random()
        if before and chance < COPIED + EDITED:
            row = Exchange(*(_copied(text, chance < COPIED, words, draw) for text in draw.choice(before)))
        else:
            row = Exchange(" ".join(draw.choices(sentences, k=2)), " ".join(draw.choices(sentences, k=3)))
            if draw.random() < 0.2:
                before.append(row)
            if chance > 1 - HELD:
                row = row._replace(asked=f"{draw.choice(items)} {row.asked}")
        yield row


def _copied(text: str, same: bool, words: list[str], draw: random.Random) -> str:
    if same:
        return "  ".join(text.split()).upper()
    return " ".join(draw.choice(words) if draw.random() < _EXCHANGED else word for word in text.split())


def _as(name: str, row: Exchange) -> dict[str, Any]:
    """A row in its source's own columns."""
    match name:
        case "chat":
            return {
                "messages": [{"role": "user", "content": row.asked}, {"role": "assistant", "content": row.answered}]
            }
        case "shared":
            return {"conversations": [{"from": "human", "value": row.asked}, {"from": "gpt", "value": row.answered}]}
        case "stories":
            return {"prompt": row.asked, "completion": row.answered}
    return {"question": row.asked, "answer": row.answered}


def _write_parquet(path: Path, name: str, rows: Iterator[Exchange]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    while some := list(itertools.islice(rows, 20_000)):
        table = pa.Table.from_pylist([_as(name, row) for row in some])
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _write_pipeline(folder: Path, rows: int) -> Path:
    columns: dict[str, dict[str, str]] = {
        "chat": {}, "shared": {"messages": "conversations"}, "questions": {"user": "question", "assistant": "answer"},
        "tasks": {"user": "question", "assistant": "answer"}, "stories": {"user": "prompt", "assistant": "completion"},
    }  # fmt: skip
    sources = {
        name: {"files": str(file_of(folder, name)), "licence": "mit", "share": share, "columns": columns[name]}
        for name, share in SIZES.items()
    }
    mix = {"sources": sources, "rows": int(rows * TAKEN), "splits": {"train": 0.98, "test": 0.02}, "max_turns": 8}
    gates = [
        {"decontaminate": {"against": [str(folder / "items.jsonl")]}},
        {"exact_duplicate": {"on": "messages"}},
        {"near_duplicate": {"on": "messages"}},
    ]
    path = folder / "mixing.yaml"
    path.write_text(json.dumps({"name": "mixing", "licence": "mit", "mix": mix, "gates": gates}))
    return path


def _words(draw: random.Random) -> list[str]:
    letters = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]
    return ["".join(draw.choices(letters, k=draw.randint(1, 4))) for _ in range(30_000)]


def _sentences(draw: random.Random, words: list[str], many: int, least: int, most: int) -> list[str]:
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))  # Zipf 1949
    return [
        " ".join(draw.choices(words, cum_weights=weights, k=draw.randint(least, most))).capitalize()
        + draw.choice("...?!")
        for _ in range(many)
    ]
