"""Answers in run.db: all that anybody gave, so that verdicts can be worked out again whenever rows or rules change."""

import sqlite3
from collections.abc import Iterable, Iterator

import orjson

from smoltalk.review.records import Answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id TEXT NOT NULL, mark TEXT NOT NULL, reviewer TEXT NOT NULL, origin TEXT NOT NULL, status TEXT NOT NULL,
    said TEXT NOT NULL, inserted_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (id, mark, reviewer, origin)
) WITHOUT ROWID
"""
_COLUMNS = "id, mark, reviewer, status, said, inserted_at, updated_at, origin"


def keep(connection: sqlite3.Connection, answers: Iterable[Answer]) -> int:
    """Write answers down, each in place of what the same person said of the same text before; how many there were."""
    connection.execute(_SCHEMA)
    count = 0
    for one in answers:
        count += 1
        connection.execute(
            f"INSERT OR REPLACE INTO answers ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)",
            (one.id, one.mark, one.reviewer, one.status, orjson.dumps(one.values).decode(), one.inserted_at,
             one.updated_at, one.origin),
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
        for *head, said, inserted, updated, origin in connection.execute(f"SELECT {_COLUMNS} FROM answers"):
            row_id, mark, reviewer, status = head
            yield Answer(row_id, mark, reviewer, status, orjson.loads(said), inserted, updated, origin)
