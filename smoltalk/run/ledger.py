"""The books: how many rows were born, and where each of them ended."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from smoltalk.rows import Row
from smoltalk.run.database import checksum, get_meta
from smoltalk.run.journal import Fate

FATES = ("accepted", "rejected", "failed", "pending")

State = Literal["new", "running", "interrupted", "stopped", "complete"]
"""`complete`: the target is met or the source is at its end. `stopped`: a ceiling closed the books short of it.
`interrupted`: rows were in flight when it ended; `smoltalk run` goes on."""


@dataclass(slots=True)
class Books:
    """What `status` shows. All counts are rows unless named otherwise."""

    state: State = "new"
    why: str = ""
    born: int = 0
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    pending: int = 0
    """Rows that are held back until people have looked at them."""
    awaited: int = 0
    """Accepted rows that people are to look at, and that are published meanwhile."""
    surplus: int = 0
    """Rows in flight when the target was met: outside the books, their replies stay in the journal."""
    target: int | None = None
    reasons: list[tuple[str, str, str, int]] = field(default_factory=list)
    """(fate, gate or step, reason, rows), largest first within a fate; accepted rows have no reason."""
    replies: dict[str, dict[str, int]] = field(default_factory=dict)
    """Per step label: replies by outcome (`ok`, `truncated`, `unparseable`, ...)."""
    engines: dict[str, dict[str, int]] = field(default_factory=dict)
    """Per engine: requests, tokens_in, tokens_out; `cached` and `cost_nano` (billionths) where it tells them."""
    times: dict[str, dict[str, float]] = field(default_factory=dict)
    """Per engine: seconds `starting`, `full` (at its limit), `part` and `empty` (no row was ready); requests
    `in_flight` and its gauges."""
    seconds: float = 0.0
    turn: str = ""
    """While engines take turns: whose it is, and how many rows it has prepared."""

    @property
    def balanced(self) -> bool:
        """Whether every row that was born ended in exactly one place."""
        return self.born == self.accepted + self.rejected + self.failed + self.pending

    @property
    def reached(self) -> int:
        """Rows that the gates of the loop let through. People decide afterwards: no run goes on to replace theirs."""
        away = sum(n for fate, gate, _, n in self.reasons if fate == "rejected" and gate == "human")
        return self.accepted + self.pending + away

    @property
    def tokens(self) -> int:
        """Tokens in and out, over all engines."""
        return sum(e.get("tokens_in", 0) + e.get("tokens_out", 0) for e in self.engines.values())

    @property
    def cost(self) -> float:
        """Money spent, in the currency of the price tables."""
        return sum(e.get("cost_nano", 0) for e in self.engines.values()) / 1e9

    def idle(self, engine: str) -> float | None:
        """Share of an engine's places that stood empty while it was up; None before it was."""
        times = self.times.get(engine, {})
        return 1 - times["busy"] / times["places"] if times.get("places") else None

    def cached(self, engine: str) -> float | None:
        """Share of the prompts that was cached, as the engine's server or its replies told; None where neither did."""
        counts, times = self.engines.get(engine, {}), self.times.get(engine, {})
        told = counts["cached"] / counts["tokens_in"] if counts.get("cached") and counts.get("tokens_in") else None
        return times.get("cache_hit_rate", told)

    def speed(self, engine: str) -> float | None:
        """Tokens written a second while the engine was up, read where it writes none (scores, vectors); None before."""
        times, counts = self.times.get(engine, {}), self.engines.get(engine, {})
        up = sum(times.get(state, 0.0) for state in ("full", "part", "empty"))
        return (counts.get("tokens_out") or counts.get("tokens_in", 0)) / up if up else None

    def as_json(self) -> dict[str, Any]:
        """What `status --json` prints."""
        return {
            "state": self.state,
            "why": self.why,
            "born": self.born,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "failed": self.failed,
            "pending": self.pending,
            "awaited": self.awaited,
            "balanced": self.balanced,
            "surplus": self.surplus,
            "target": self.target,
            "by_reason": [dict(zip(("fate", "where", "reason", "rows"), r, strict=True)) for r in self.reasons],
            "replies": self.replies,
            "engines": self.engines,
            "tokens": self.tokens,
            "cost": self.cost,
            "times": self.times,
            "seconds": round(self.seconds, 3),
            "turn": self.turn,
        }


def read_books(connection: sqlite3.Connection) -> Books:
    """The books as they stand in run.db."""
    books = Books(
        state=get_meta(connection, "state", "new"),  # type: ignore[arg-type]
        why=get_meta(connection, "why"),
        surplus=int(get_meta(connection, "surplus", "0")),
        awaited=int(get_meta(connection, "awaited", "0")),
        seconds=float(get_meta(connection, "seconds", "0")),
    )
    books.times = json.loads(get_meta(connection, "times", "{}"))
    books.turn = get_meta(connection, "turn") if books.state == "running" else ""
    target = get_meta(connection, "target")
    books.target = int(target) if target else None
    for kind, name, detail, n in connection.execute("SELECT kind, name, detail, n FROM tally ORDER BY kind, n DESC"):
        if kind in FATES:
            setattr(books, kind, getattr(books, kind) + n)
            if kind != "accepted":
                books.reasons.append((kind, name, detail, n))
        elif kind == "reply":
            books.replies.setdefault(name, {})[detail] = n
        elif kind == "engine":
            books.engines.setdefault(name, {})[detail] = n
    decided = books.accepted + books.rejected + books.failed + books.pending
    closed = books.state in ("complete", "stopped")
    books.born = decided if closed else max(decided, int(get_meta(connection, "born", "0")))
    books.reasons.sort(key=lambda r: (FATES.index(r[0]), -r[3], r[1], r[2]))
    return books


def read_rows(connection: sqlite3.Connection, fate: str | None = None, start: int = 0) -> Iterator[tuple[Fate, Row]]:
    """Ledger lines with their columns, in row order; streams."""
    where = "WHERE row >= ?" + (" AND fate = ?" if fate else "")
    values = (start, fate) if fate else (start,)
    for line in connection.execute(f"SELECT * FROM rows {where} ORDER BY row", values):
        fate_line = read_fate(line)
        yield fate_line, orjson.loads(fate_line.columns)


def read_fate(line: Sequence[Any]) -> Fate:
    """A line of `rows`. Raises `sqlite3.DatabaseError` when it is not as it was written."""
    *texts, total = line
    if checksum(*texts[1:]) != total:
        raise sqlite3.DatabaseError(f"row {texts[0]} of the ledger is not as it was written")
    return Fate(*texts)
