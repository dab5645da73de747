"""Columns of rows, accepted or not, gathered for counting: from the ledger, which has all of them, or from files."""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from smoltalk.reporting.sampled import Row, loads
from smoltalk.reporting.spoken import PARTS
from smoltalk.review.booking import LABEL
from smoltalk.text import neutralise, shown

CELL_ROWS = 50_000
"""Rows whose columns are counted at most."""
_BYTES = 256_000_000
_AT_ONCE = 500
_OWN = frozenset({"id", "source", "source_id", "instruction", "response", *PARTS})
_LONGEST = 80
"""Characters of a label; what is longer is text."""
_ITEMS = 20


class Cell(NamedTuple):
    """One value of one row."""

    fate: str
    value: Any
    """A number, a truth value, a short text, None, or a list of short texts."""
    length: int
    """Characters of the row's answers; of a pair, of the chosen one."""
    row: int
    """Which row of those looked at: cells of one row have one number."""


class Cells:
    """Values by column."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Cell]] = {}
        self.rows = 0
        self.fates: dict[str, int] = {}

    def add(self, fate: str, columns: Mapping[str, Any], length: int) -> None:
        """Take one row's columns; texts, vectors and mappings are passed over."""
        for name, value in columns.items():
            if name not in _OWN:
                plain = _plain(value)
                if plain is not _PASSED_OVER:
                    self.columns.setdefault(neutralise(name[:_LONGEST]), []).append(
                        Cell(fate, plain, length, self.rows)
                    )
        self.rows += 1
        self.fates[fate] = self.fates.get(fate, 0) + 1


def _measures(told: object) -> Iterator[tuple[str, Any]]:
    """Numbers and truth values that a gate told of a row it let through; texts name other rows."""
    if isinstance(told, dict):
        yield from ((str(key), one) for key, one in told.items() if isinstance(one, int | float))


_PASSED_OVER = object()


def _plain(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int() | float():
            return shown(value) if isinstance(shown(value), int | float) else _PASSED_OVER
        case str():
            return neutralise(value) if len(value) <= _LONGEST and "\n" not in value else _PASSED_OVER
        case list() if value and all(isinstance(one, str) and len(one) <= _LONGEST for one in value[:_ITEMS]):
            return [neutralise(one) for one in value[:_ITEMS] if isinstance(one, str)]
    return _PASSED_OVER


def from_ledger(connection: sqlite3.Connection) -> Cells:
    """Columns of up to 50,000 rows of the ledger, of any fate, drawn at random but the same each time."""
    cells = Cells()
    last = connection.execute("SELECT max(row) FROM rows").fetchone()[0]
    if last is None:
        return cells
    draw = random.Random(20_261_121)
    probe = sorted(draw.sample(range(last + 1), min(last + 1, 200)))
    sizes = [len(text) for _, _, text in _lines(connection, probe)]
    each = max(1, sum(sizes) // max(len(sizes), 1))
    wanted = max(1_000, min(CELL_ROWS, _BYTES // each))
    chosen = range(last + 1) if last < wanted else sorted(draw.sample(range(last + 1), wanted))
    for fate, evidence, text in _lines(connection, chosen):
        columns = loads(text)
        if fate == "accepted" and evidence != "{}":
            for gate, told in loads(evidence).items():
                columns |= {f"{gate}.{key}": one for key, one in _measures(told) if gate != LABEL}
        cells.add(fate, columns, _answered(columns))
    return cells


def from_samples(accepted: Iterable[Row], others: Iterable[tuple[str, Row]]) -> Cells:
    """Columns of sampled rows, for mixtures: their ledger holds no columns."""
    cells = Cells()
    for fate, row in (*(("accepted", row) for row in accepted), *others):
        cells.add(fate, row.columns, len(row.said("assistant", "chosen")))
    return cells


def _lines(connection: sqlite3.Connection, rows: Iterable[int]) -> Iterator[tuple[str, str, str]]:
    waiting = list(rows)
    for first in range(0, len(waiting), _AT_ONCE):
        some = waiting[first : first + _AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT fate, evidence, columns FROM rows WHERE row IN ({marks}) ORDER BY row"
        yield from connection.execute(query, some)


def _answered(columns: Mapping[str, Any]) -> int:
    """Characters of the answers in a ledger row."""
    messages = columns.get("messages")
    if isinstance(messages, list):
        said = (turn for turn in messages if isinstance(turn, dict) and turn.get("role") == "assistant")
        return sum(len(turn["content"]) for turn in said if isinstance(turn.get("content"), str))
    answer = columns.get("chosen") or columns.get("response")
    if isinstance(answer, list):
        return sum(len(str(turn.get("content") or "")) for turn in answer if isinstance(turn, dict))
    return len(answer) if isinstance(answer, str) else 0
