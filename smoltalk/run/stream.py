"""The streaming executor: bears rows, walks each through the DAG, judges them in order, until the target is met.

One asyncio process. A row moves as soon as its columns are there; engines are kept full by one budget each, shared by
all steps; rows in flight are bounded, and so is memory. Nothing a row does can end the run.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from copy import copy
from functools import partial

from smoltalk.contracts import Source
from smoltalk.dag.adapters import born, source_of
from smoltalk.dag.compile import compile_dag
from smoltalk.errors import RowFailed
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import SOURCE, labelled_gates
from smoltalk.rows import Row
from smoltalk.run.askers import Askers
from smoltalk.run.births import births, must_end
from smoltalk.run.budget import Budget
from smoltalk.run.ceilings import attempted, bounded, dear, spent, too_many_failed
from smoltalk.run.collecting import collecting_rarely
from smoltalk.run.desks import Desks
from smoltalk.run.folder import RunFolder
from smoltalk.run.journal import Fate, Journal
from smoltalk.run.judging import Bench, Landed, NamedGate
from smoltalk.run.ledger import Books, State
from smoltalk.run.moments import Moments
from smoltalk.run.progress import Progress
from smoltalk.run.quotas import Quotas
from smoltalk.run.staged import Links, Staged
from smoltalk.run.turns import Parked
from smoltalk.run.walk import Walk

_WAITING = 8
"""Times `rows_in_flight`: rows that are walking or wait for an older one to be judged before them."""


class Stream:
    """One session of one run."""

    def __init__(self, pipeline: Pipeline, folder: RunFolder, journal: Journal, books: Books) -> None:
        self.pipeline, self.folder, self.journal = pipeline, folder, journal
        self.target = pipeline.target
        self.source: Source = source_of(pipeline)
        self.walk = Walk(compile_dag(pipeline))
        self.desks = Desks(pipeline, books)
        self.quotas = Quotas(self.target.accepted, self.source.shares())
        gates = [NamedGate(label, gate) for label, gate in labelled_gates(pipeline)]
        self.bench = Bench(gates, self.quotas, self._decide, self._release, self.target.max_attempts)
        self._needs = needs = max((g.gate.calibrates_on() for g in gates), default=0)
        # A step that needs every row at once holds them all: then nothing bounds the rows in flight.
        self._window_size = pipeline.window + needs
        # A row that is through its steps makes room for another at once; until it is judged, in order, it is only held.
        self._walking = Budget(sys.maxsize if self.walk.barriers else self._window_size)
        self._window = Budget(sys.maxsize if self.walk.barriers else _WAITING * self._window_size)
        if self.walk.barriers:
            must_end(pipeline, self.source)
        self._bounded, self._most = bounded(self.target), self.target.max_attempts
        self._unlimited = self.target.accepted is None and not self._bounded
        self._askers = askers = Askers(pipeline, self.desks, journal)
        self.staged: Staged | None = None
        if len(self.desks.turns) > 1:
            parts = (pipeline, self.source, self.walk, askers, self.desks, self.quotas, journal)
            self.staged = Staged(*parts, sample=needs)
        self._room, self._waits = asyncio.Event(), False
        self._rows: dict[int, asyncio.Task[None]] = {}
        """Those that are walking, by index."""
        self._fates = Counter(accepted=0, rejected=0, failed=0)
        self._in_flight = self._born = 0
        self._seconds_before = books.seconds
        self._started = time.monotonic()
        self._stopping = ""
        self._replaying = False
        self._loop = asyncio.get_running_loop()
        self._moments = Moments(journal.connection, books)
        journal.beside = self._moments.write
        self._broken: asyncio.Future[None] = self._loop.create_future()
        """Fails with what ends the session early; whoever waits for it hears."""

    async def run(self) -> tuple[State, str]:
        """Go on until the target is met, the source ends, or a ceiling stops births; then close the books.

        Raises `WorldError` when an engine or the disk is gone, `CancelledError` when interrupted: replies are kept.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._up(self.desks.lasting))
            stack.enter_context(collecting_rarely())
            self._started = time.monotonic()
            ticking = asyncio.create_task(self.desks.watch(self._note))
            work = asyncio.create_task(self._work())
            try:
                await asyncio.wait({work, self._broken}, return_when=asyncio.FIRST_COMPLETED)
                if self._broken.done():
                    self._broken.result()
                await work
            finally:
                tasks = {ticking, work, *self._rows.values()}
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._note()
        return self._verdict()

    def _up(self, names: Set[str]) -> AbstractAsyncContextManager[None]:
        return self.desks.up(names, self.folder.logs)

    async def _work(self) -> None:
        born_rows = enumerate(births(self.source))
        if self.staged is None:
            await self._bear_rows(born_rows)
        else:
            see_through = partial(self._bear_rows, born_rows)
            links = Links(lambda: self.bench.decided, self._over_at, self._ceiling_at, see_through)
            why = await self.staged.rounds(self._up, links)
            self._stopping = self._stopping or why
        self.bench.finish()

    async def _drain(self) -> None:
        while self._rows:
            await asyncio.wait(set(self._rows.values()))

    async def _bear_rows(self, born_rows: Iterator[tuple[int, Row | RowFailed]], last: int | None = None) -> bool:
        """Bear rows up to index `last` and see them through. Returns whether there are no more."""
        more = False
        for index, found in born_rows:
            self._replaying = index <= self.journal.last_replied
            if self._over() or (self._most is not None and self._all_born()):
                break
            columns = dict.fromkeys(self.source.born_with()) if isinstance(found, RowFailed) else found
            row = born(self.pipeline.name, index, columns)
            share = self.quotas.share_of(row)
            if not self._wanted(share):
                await self._until_wanted(share)
                if self._over():
                    break
            if self.quotas.full(share):
                self.bench.land(index, None)
            else:
                if not self._window.try_take():
                    await self._window.take()
                self.quotas.born(share)
                self._in_flight += 1
                self._born += 1
                unborn = found if isinstance(found, RowFailed) else self.quotas.stray(row)
                if unborn is not None:
                    unborn.where = SOURCE
                    self.bench.land(index, Landed(row, unborn))
                else:
                    if not self._walking.try_take():
                        await self._walking.take()
                    self._rows[index] = self._loop.create_task(self._live(index, row))
            if index == last:
                more = True
                break
        self.walk.expect(len(self._rows))
        await self._drain()
        return not more

    async def _live(self, index: int, row: Row) -> None:
        try:
            try:
                landed = Landed(await self.walk.through(row, self._askers.of(index, row)))
            except RowFailed as failure:
                self.walk.leave_barriers()
                landed = Landed(row, failure)
            except Parked:  # its engine's turn is over: it got no reply then, and gets none now
                if self.staged is None:
                    raise
                self.walk.leave_barriers()
                landed = Landed(row, self.staged.lost(index))
            finally:
                self._walking.give()
            self.bench.land(index, landed)
        except Exception as error:  # the world, or a fault of ours: in both cases the run ends, and says so
            self._break(error)
        finally:  # here, and not in a callback of its task: that would cost a turn of the loop more
            del self._rows[index]
            if self._waits:
                self._room.set()

    def _break(self, error: Exception) -> None:
        if not self._broken.done():
            self._broken.set_exception(error)

    def _all_born(self) -> bool:
        """Whether `max_attempts` rows are born and none can be judged yet: then the gates take what sample there is."""
        waits = self.walk.barriers or self.bench.calibrating
        return bool(waits) and self._most is not None and self._born >= self._most

    async def _until_wanted(self, share: str) -> None:
        """Wait while enough rows of this share are in flight for what is still missing."""
        while not (self._wanted(share) or self.quotas.full(share) or self._over()):
            self._room.clear()
            self._waits = True
            await self._room.wait()
            self._waits = False

    def _wanted(self, share: str) -> bool:
        if self._unlimited or self.walk.barriers:
            return True
        tried = self._most is not None and self.bench.decided + self._in_flight >= self._most
        if tried or (not self._replaying and dear(self.target, self.desks, len(self._rows), self._born)):
            return False
        return self.quotas.room(share) or (self.bench.calibrating and self._born < self._needs)

    def _over(self) -> bool:
        """Whether no more rows should be born."""
        if self.quotas.met():
            return True
        self._stopping = self._stopping or self.bench.refused or (self._ceiling() if self._bounded else "")
        return bool(self._stopping)

    def _ceiling(self) -> str:
        if not self._bounded:
            return ""
        if met := attempted(self.target, self.bench.decided):
            return met
        if self._replaying:  # paid for in earlier sessions: no ceiling takes these rows out of the books again
            return ""
        return spent(self.target, self.desks, self.seconds)

    def _over_at(self, index: int) -> bool:
        self._replaying = index <= self.journal.last_replied
        return self._over()

    def _ceiling_at(self, index: int) -> str:
        self._replaying = index <= self.journal.last_replied
        return self._ceiling()

    def _verdict(self) -> tuple[State, str]:
        if self.quotas.met():
            return "complete", ""
        why = too_many_failed(self.target, self._fates, 1) or self._stopping or self.bench.refused or self._ceiling()
        why = why or ("the source is at its end" if self.target.accepted is not None else "")
        return ("stopped", why) if why else ("complete", "")

    def _decide(self, fate: Fate) -> None:
        self._fates[fate.fate] += 1
        self.journal.fate(fate)
        if why := too_many_failed(self.target, self._fates):
            self._stopping = why
            self.bench.close()

    def _release(self, share: str) -> None:
        self.quotas.landed(share)
        self._in_flight -= 1
        self._window.give()
        if self._waits:
            self._room.set()

    @property
    def seconds(self) -> float:
        """Time spent on this run, earlier sessions included."""
        return self._seconds_before + time.monotonic() - self._started

    def _note(self) -> None:
        """What `status` reads while the run is live."""
        if self.journal.failure is None:
            born, surplus = self._born - self.bench.surplus, self.bench.surplus
            turn = str(self.staged.turn or "") if self.staged else ""
            times = self.desks.times()
            self._moments.look(self.seconds, self.desks, times, self._held_by())
            self.journal.note(born=born, surplus=surplus, seconds=self.seconds, times=json.dumps(times), turn=turn)

    def _held_by(self) -> str:
        """What rows wait for where no engine is at its limit."""
        if self.desks.starting:
            return "start"
        full = self._walking.taken >= self._walking.size, self._window.taken >= self._window.size
        return "rows" if full[0] else "judging" if full[1] else "target" if self._waits else ""

    def progress(self) -> Progress:
        """A snapshot for whoever watches."""
        return Progress(
            born=self._born - self.bench.surplus,
            **self._fates,
            in_flight=len(self._rows),
            held=max(0, self._in_flight - len(self._rows)),
            target=self.target.accepted,
            seconds=time.monotonic() - self._started,
            tokens_out=sum(desk.tokens_out for desk in self.desks.each),
            cost=self.desks.cost,
            down=tuple(desk.name for desk in self.desks.each if desk.engine.gauges().get("down")),
            engines={desk.name: desk.in_flight for desk in self.desks.values()},
            starting=self.desks.starting,
            turn=copy(self.staged.turn) if self.staged else None,
        )
