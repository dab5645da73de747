"""Answers in run.db: all that anybody gave, so that verdicts can be worked out again whenever rows or rules change."""

import sqlite3
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

import orjson

from smoltalk.review.records import Answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id TEXT NOT NULL, mark TEXT NOT NULL, reviewer TEXT NOT NULL, origin TEXT NOT NULL, status TEXT NOT NULL,
    said TEXT NOT NULL, inserted_at TEXT NOT NULL, updated_at TEXT NOT NULL, owner INTEGER,
    PRIMARY KEY (id, mark, reviewer, origin)
) WITHOUT ROWID
"""
_COLUMNS = "id, mark, reviewer, status, said, inserted_at, updated_at, origin"
_OWNER = "SELECT 1 FROM pragma_table_info('answers') WHERE name = 'owner'"


def keep(connection: sqlite3.Connection, answers: Iterable[Answer]) -> int:
    """Write answers down, each in place of what the same person said of the same text before; how many there were."""
    connection.execute(_SCHEMA)
    if not connection.execute(_OWNER).fetchone():  # of a run whose answers came before owners were told
        connection.execute("ALTER TABLE answers ADD COLUMN owner INTEGER")
    count = 0
    for one in answers:
        count += 1
        connection.execute(
            f"INSERT OR REPLACE INTO answers ({_COLUMNS}, owner) VALUES (?,?,?,?,?,?,?,?,?)",
            (one.id, one.mark, one.reviewer, one.status, orjson.dumps(one.values).decode(), one.inserted_at,
             one.updated_at, one.origin, one.owner),
        )  # fmt: skip
    return count


def kept(connection: sqlite3.Connection) -> dict[str, list[Answer]]:
    """All answers, by the id of their row."""
    found: dict[str, list[Answer]] = {}
    for answer in _all(connection):
        found.setdefault(answer.id, []).append(answer)
    return found


def _all(connection: sqlite3.Connection) -> Iterator[Answer]:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchone()
    if there:
        owner = "owner" if connection.execute(_OWNER).fetchone() else "NULL"
        for line in connection.execute(f"SELECT {_COLUMNS}, {owner} FROM answers"):
            row_id, mark, reviewer, status, said, inserted, updated, origin, told = line
            owned = None if told is None else bool(told)
            yield Answer(row_id, mark, reviewer, status, orjson.loads(said), inserted, updated, origin, owned)


def strangers(connection: sqlite3.Connection, of: AbstractSet[str]) -> set[str]:
    """Those ids of rows that the run neither has nor had answers for: of another run, or of texts that changed."""
    ids = set(of).difference(kept(connection))
    for (row_id,) in connection.execute("SELECT id FROM rows") if ids else ():
        ids.discard(row_id)
    return ids
