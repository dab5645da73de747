"""How engines stood over time: a line an engine every second, thinned so that no run has more than 2,000 of them.

Sums so far are written down, not shares: when every other line is taken away, those that stay are still true.
"""

import sqlite3
from collections.abc import Mapping
from itertools import pairwise

from smoltalk.run.desks import Desks
from smoltalk.run.ledger import Books

MOST = 2_000
"""Lines of a run at most, over all engines."""


class Moments:
    """What is written into the table `moments`; seconds count from the run's beginning, over all its sessions."""

    def __init__(self, connection: sqlite3.Connection, books: Books) -> None:
        """Go on where earlier sessions left off."""
        seconds = [int(line[0]) for line in connection.execute("SELECT DISTINCT second FROM moments ORDER BY second")]
        self._last = seconds[-1] if seconds else -1
        self._step = min((after - before for before, after in pairwise(seconds)), default=1)
        self._before = books.engines
        self._lines: list[tuple[object, ...]] = []
        self._thin = False

    def look(self, seconds: float, desks: Desks, times: Mapping[str, Mapping[str, float]], rows: str) -> None:
        """Note every engine, unless that was done a moment ago.

        `times` are the desks'; `rows` is what rows wait for where no engine is at its limit.
        """
        second = int(seconds) // self._step * self._step
        if second <= self._last:
            return
        self._last = second
        each = [desk for desk in desks.each if desk.name in times and desk.name not in desks.pools]
        full = [desk.name for desk in each if desk.in_flight >= desk.engine.max_in_flight]
        for desk in each:
            before, spent = self._before.get(desk.name, {}), times[desk.name]
            tokens = (before.get(key, 0) + getattr(desk, key) for key in ("tokens_in", "tokens_out"))
            states = (spent.get(state, 0.0) for state in ("full", "part", "empty"))
            waiting = "" if desk.name in full else ", ".join(full) or rows
            self._lines.append((second, desk.name, *tokens, desk.in_flight, *states, waiting))
        if len(each) * (second // self._step + 1) > MOST:
            self._step *= 2
            self._thin = True

    def write(self, connection: sqlite3.Connection) -> None:
        """Within the journal's transaction: add what was noted, take away what is too much."""
        lines, self._lines = self._lines, []
        connection.executemany("INSERT OR REPLACE INTO moments VALUES (?,?,?,?,?,?,?,?,?)", lines)
        if self._thin:
            connection.execute("DELETE FROM moments WHERE second % ?", (self._step,))
            self._thin = False
