"""run.db of a mixture: a line for every row that was born, many to a transaction, and what became of each source.

Lines hold no texts: those stand in `data/` and `rejected/` under the same id.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from smoltalk.mixing.progress import OfSource
from smoltalk.run import database

_INSERT = "INSERT INTO rows VALUES (?,?,?,?,?,?,?,?)"
_INDEX = "CREATE INDEX IF NOT EXISTS rows_by_id ON rows (id)"
_SOURCES = "mixed"
"""The key of `meta` that says what became of each source."""


class Lines(NamedTuple):
    """Lines of the ledger, column by column."""

    rows: Sequence[int]
    ids: Sequence[str]
    fates: Sequence[str]
    gates: Sequence[str]
    reasons: Sequence[str]
    evidence: Sequence[str]
    columns: Sequence[str]


class Ledger:
    """The writer of a mixture's books. One transaction a call of `write`; they are counted on the way."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # What is not synced is made again from the sifted pieces: a power cut may cost lines, never order or wholeness.
        connection.execute("PRAGMA synchronous = NORMAL")
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def write(self, lines: Lines) -> None:
        """Write lines down and count them."""
        if not lines.rows:
            return
        sums = map(database.checksum, *lines[1:])
        self._connection.execute("BEGIN")
        self._connection.executemany(_INSERT, zip(*lines, sums, strict=True))
        self._connection.execute("COMMIT")
        self.counts.update(zip(lines.fates, lines.gates, lines.reasons, strict=True))

    def count(self, born: int) -> None:
        """Put the counts into the books. Raises `RuntimeError` when they do not balance: a fault of ours."""
        written = self._connection.execute("SELECT count(*) FROM rows").fetchone()[0]
        ended = sum(self.counts.values())
        if not born == ended == written:
            raise RuntimeError(f"the books do not balance: {born} rows born, {ended} ended, {written} in the ledger")
        self._connection.execute("BEGIN")
        self._connection.execute("DELETE FROM tally WHERE kind IN ('accepted', 'rejected', 'failed')")
        tally = [(*end, rows) for end, rows in self.counts.items()]
        self._connection.executemany("INSERT INTO tally VALUES (?,?,?,?)", tally)
        self._connection.execute("COMMIT")
        self._connection.execute(_INDEX)


def close(
    connection: sqlite3.Connection, state: str, why: str, seconds: float, sources: Iterable[OfSource],
    splits: dict[str, int],
) -> None:  # fmt: skip
    """The books are closed."""
    told = json.dumps({"sources": [one._asdict() for one in sources], "splits": splits})
    connection.execute("BEGIN")
    database.set_meta(connection, state=state, why=why, seconds=seconds, **{_SOURCES: told})
    connection.execute("COMMIT")


def of_sources(connection: sqlite3.Connection) -> tuple[tuple[OfSource, ...], dict[str, int]]:
    """What became of each source, and the rows of each split, as a finished mixture wrote it down."""
    told = json.loads(database.get_meta(connection, _SOURCES, '{"sources": [], "splits": {}}'))
    return tuple(OfSource(**one) for one in told["sources"]), told["splits"]
