"""Writes replies and fates down, many to a commit, before anything uses them.

Commits are grouped: whatever arrives while one commit syncs to the disk shares the next one, so the cost of
durability is a sync a moment, not a sync a reply (group commit, as in DeWitt et al. 1984).
"""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from smoltalk.requests import Reply
from smoltalk.run import database


class Fate(NamedTuple):
    """One line of the ledger, in the column order of `rows`."""

    row: int
    id: str
    fate: str
    gate: str
    reason: str
    evidence: str
    columns: str


ReplyKey = tuple[int, str, str, int, int]
"""Row, its id, step fingerprint, turn, attempt."""

Past = dict[tuple[str, int, int], Reply]
"""Replies of one row by (step fingerprint, turn, attempt)."""

_INSERT_REPLY = "INSERT OR REPLACE INTO replies VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_REPLY = "text, finish, tokens_in, tokens_out, seconds, engine, cost, cached, reasoning"
_INSERT_FATE = "INSERT OR REPLACE INTO rows VALUES (?,?,?,?,?,?,?,?)"
_ADD_TALLY = "INSERT INTO tally VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_INDEX = "CREATE INDEX IF NOT EXISTS rows_by_id ON rows (id)"
"""Ids are hashes: kept up row by row, each commit of a long run would write most of this index again."""


def read_past(connection: sqlite3.Connection, path: Path, row: int, row_id: str) -> Past:
    """What was replied for a row, by step, turn and attempt. Raises `WorldError` when a reply is not as written."""
    found = connection.execute(
        f"SELECT sum, step, turn, attempt, {_REPLY} FROM replies WHERE row = ? AND id = ?", (row, row_id)
    )
    past: Past = {}
    for total, step, turn, attempt, *rest in found:
        if total != database.checksum(step, *rest[:2]):
            raise database.damaged(path, f"a reply for row {row_id} is not as it was written")
        past[step, turn, attempt] = Reply(*rest)
    return past


def _nothing() -> list[int]:
    return [0, 0, 0]


class Journal:
    """The one writer of a run's database. Lives on the event loop; only commits leave it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = database.connect(path, write=True)
        self._reader = database.connect(path)
        self.last_replied = self._max_row()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._replies: list[tuple[object, ...]] = []
        self._fates: list[Fate] = []
        self._tally: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self._counts: defaultdict[tuple[str, str, str], list[int]] = defaultdict(_nothing)
        """Replies, tokens in and out by (step, engine, outcome), until the next group."""
        self._meta: dict[str, object] = {}
        self.beside: Callable[[sqlite3.Connection], None] | None = None
        """Writes something more with every group."""
        self._wake = asyncio.Event()
        self._awake = False
        """Whether `_wake` is set, without asking it: three times a row."""
        self._loop = asyncio.get_running_loop()
        self._waiting: list[asyncio.Future[None]] = []
        self._closing = False
        self.failure: Exception | None = None
        self._task = asyncio.create_task(self._commit_groups(), name="journal")

    def past(self, row: int, row_id: str) -> Past:
        """What was already replied for a row in earlier sessions; empty, and free, for rows never asked."""
        if row > self.last_replied:
            return {}
        return read_past(self._reader, self.path, row, row_id)

    def reply(self, label: str, key: ReplyKey, reply: Reply, bad: str) -> asyncio.Future[None]:
        """Queue a reply to the step of that label, and count it; await the returned future before using it.

        `bad` is what is wrong with it, or nothing. One call and one pass over its fields: it is made for every reply.
        """
        text, finish, tokens_in, tokens_out, seconds, engine, cost, cached, reasoning = reply
        total = database.checksum(key[2], text, finish)
        took = (tokens_in, tokens_out, seconds, total, engine, cost, cached, reasoning)
        self._replies.append((*key, text, finish, bad, *took))
        counts = self._counts[label, engine, bad or "ok"]
        counts[0] += 1
        counts[1] += tokens_in
        counts[2] += tokens_out
        if cached:
            self._tally["engine", engine, "cached"] += cached
        if cost:
            self._tally["engine", engine, "cost_nano"] += round(cost * 1e9)
        return self._on_disk()

    def fate(self, fate: Fate) -> None:
        """Queue where a row ended."""
        self._fates.append(fate)
        self._tally[fate.fate, fate.gate, fate.reason] += 1
        self._queued()

    def note(self, **values: object) -> None:
        """Set values of `meta` with the next group."""
        self._meta.update(values)
        self._queued()

    def _queued(self) -> None:
        if self.failure:
            raise self.failure
        if not self._awake:
            self._awake = True
            self._wake.set()

    def _on_disk(self) -> asyncio.Future[None]:
        """Done when everything queued so far is committed. One for each who waits: whoever is cancelled is alone."""
        if self.failure or not self._awake:
            self._queued()
        future = self._loop.create_future()
        self._waiting.append(future)
        return future

    async def flush(self) -> None:
        """Wait until everything queued so far is on the disk."""
        await self._on_disk()

    async def close(self) -> None:
        """Write what is queued and let go of the file."""
        self._closing = True
        self._wake.set()
        try:
            await self._task
            if self.failure is None:
                with database.sqlite_errors(self.path):
                    self.connection.execute(_INDEX)
        finally:
            self._thread.shutdown()
            self._reader.close()
            self.connection.close()

    async def _commit_groups(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._awake = False
            waiting, self._waiting = self._waiting, []
            try:
                with database.sqlite_errors(self.path):
                    self._write()
                    # Only the sync leaves the loop: a thread that inserted row by row would fight it for the GIL.
                    await self._loop.run_in_executor(self._thread, self.connection.execute, "COMMIT")
            except Exception as error:  # whoever waits must hear of it, whatever it is
                self.failure = error
                for future in (*waiting, *self._waiting):
                    if not future.done():
                        future.set_exception(error)
                return
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            if self._closing and not (self._replies or self._fates or self._tally or self._counts or self._meta):
                return

    def _write(self) -> None:
        self.connection.execute("BEGIN")
        replies, self._replies = self._replies, []
        fates, self._fates = self._fates, []
        self._count_up()
        tally, self._tally = self._tally, defaultdict(int)
        meta, self._meta = self._meta, {}
        self.connection.executemany(_INSERT_REPLY, replies)
        self.connection.executemany(_INSERT_FATE, [(*fate, database.checksum(*fate[1:])) for fate in fates])
        self.connection.executemany(_ADD_TALLY, [(*key, n) for key, n in tally.items()])
        if meta:
            database.set_meta(self.connection, **meta)
        if self.beside:
            self.beside(self.connection)

    def _count_up(self) -> None:
        """From the counts of replies, one entry a reply to touch, to the tally's lines."""
        counts, self._counts = self._counts, defaultdict(_nothing)
        for (step, engine, outcome), (replies, tokens_in, tokens_out) in counts.items():
            self._tally["reply", step, outcome] += replies
            self._tally["engine", engine, "requests"] += replies
            self._tally["engine", engine, "tokens_in"] += tokens_in
            self._tally["engine", engine, "tokens_out"] += tokens_out

    def _max_row(self) -> int:
        found = self.connection.execute("SELECT max(row) FROM replies").fetchone()[0]
        return -1 if found is None else int(found)


def delete_books(connection: sqlite3.Connection) -> None:
    """Forget where rows ended, not what was replied: an edited pipeline judges them anew."""
    connection.execute("DROP INDEX IF EXISTS rows_by_id")
    connection.execute("DROP TABLE IF EXISTS before_people")
    connection.execute("DELETE FROM rows")
    connection.execute("DELETE FROM tally WHERE kind IN ('accepted', 'rejected', 'failed', 'pending', 'share')")
