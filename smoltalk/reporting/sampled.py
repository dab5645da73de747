"""A row of a sample: its turns and columns, with long texts cut, so that a sample has a stated size."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from smoltalk.reporting.spoken import PARTS, turns_of

SAMPLE_ROWS = 20_000
"""Rows in the sample that slower measures look at, about."""
SAMPLE_BYTES = 64_000_000
_TURN, _ROW, _TURNS = 8_000, 24_000, 40
"""Characters of a turn and of a row that are kept, and turns of it."""
_CELL = 600
_OWN = frozenset({"id", "source", *PARTS})


class Row(NamedTuple):
    """One row of a sample."""

    id: str
    source: str
    split: str
    turns: tuple[tuple[str, str, int], ...]
    """(speaker, text, characters left out)."""
    turns_left_out: int
    columns: dict[str, Any]
    """Of texts the first 600 characters; lists and mappings as they are."""

    def said(self, *speakers: str) -> str:
        """What these say, turn by turn."""
        return "\n".join(text for speaker, text, _ in self.turns if speaker in speakers)

    def first(self, *speakers: str) -> str:
        """The first turn of these; "" where there is none."""
        return next((text for speaker, text, _ in self.turns if speaker in speakers), "")


def row_of(row: Mapping[str, Any], split: str = "", columns: Mapping[str, Any] | None = None) -> Row:
    """A line of a published file as a sample row; `columns` stand in for those beside the conversation."""
    turns = list(turns_of(row))
    kept, left = [], _ROW
    for speaker, text in turns[:_TURNS]:
        shown = text[: min(_TURN, left)]
        kept.append((speaker[:40], shown, len(text) - len(shown)))
        left -= len(shown)
        if left <= 0:
            break
    beside = columns if columns is not None else {name: one for name, one in row.items() if name not in _OWN}
    cells = {name: value[:_CELL] if isinstance(value, str) else value for name, value in beside.items()}
    return Row(
        str(row.get("id") or ""), str(row.get("source") or ""), split, tuple(kept), len(turns) - len(kept), cells
    )


def share_of(rows: int, size: int) -> float:
    """The share of `rows` of `size` bytes to draw: 20,000 of them, fewer where they are long, never under 1,000."""
    if not rows:
        return 1.0
    wanted = max(1_000, min(SAMPLE_ROWS, SAMPLE_BYTES * rows // max(size, 1)))
    return min(1.0, wanted / rows)


def rejected_row(row: Mapping[str, Any]) -> Row:
    """A line of a file of rejects; its `columns` are one JSON text."""
    columns = loads(row.get("columns"))
    turns = {name: columns.pop(name) for name in PARTS if name in columns}
    if not row.get("messages") and not turns:
        turns["messages"] = [
            {"role": role, "content": columns[name]}
            for name, role in (("instruction", "user"), ("response", "assistant"))
            if isinstance(columns.get(name), str)
        ]
    return row_of({**turns, **{name: value for name, value in row.items() if value is not None}}, "", columns)


def loads(text: object) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        found = orjson.loads(text) if isinstance(text, str | bytes) else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
