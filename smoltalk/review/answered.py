"""Rows that people answered: as the loop left them, and where they are now."""

import sqlite3
from collections.abc import Iterator

import orjson

from smoltalk.review.booking import Reviewable
from smoltalk.run.journal import Fate
from smoltalk.run.ledger import read_fate


def answered(connection: sqlite3.Connection) -> Iterator[Reviewable]:
    """Rows that anybody answered, in their order, whatever became of them; other rows are not read."""
    if not _there(connection, "answers"):
        return
    left = "SELECT * FROM rows WHERE fate = 'accepted'"
    if _there(connection, "before_people"):
        left = f"{left} AND row NOT IN (SELECT row FROM before_people) UNION ALL SELECT * FROM before_people"
    for line in connection.execute(f"SELECT * FROM ({left}) WHERE id IN (SELECT id FROM answers) ORDER BY row"):
        fate = read_fate(line)
        yield Reviewable(fate, orjson.loads(fate.columns))


def settled(connection: sqlite3.Connection) -> Iterator[Fate]:
    """The ledger's lines of rows that people decided, or that are held back until they do, in their order."""
    if _there(connection, "before_people"):
        where = "row IN (SELECT row FROM before_people)"
        yield from map(read_fate, connection.execute(f"SELECT * FROM rows WHERE {where} ORDER BY row"))


def _there(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None
