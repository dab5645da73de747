"""The streaming executor: bears rows, walks each through the DAG, judges them in order, until the target is met.

One asyncio process. A row moves as soon as its columns are there; engines are kept full by one budget each, shared by
all steps; rows in flight are bounded, and so is memory. Nothing a row does can end the run.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

from smoltalk.contracts import Ask, Source
from smoltalk.dag.adapters import born, source_of
from smoltalk.dag.compile import compile_dag
from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.pipeline.labels import SOURCE, labelled_gates
from smoltalk.rows import Row
from smoltalk.run.asking import Desk, StepAsk
from smoltalk.run.budget import Budget
from smoltalk.run.fingerprints import fingerprints
from smoltalk.run.folder import RunFolder
from smoltalk.run.journal import Fate, Journal
from smoltalk.run.judging import Bench, Landed, NamedGate
from smoltalk.run.ledger import Books, State
from smoltalk.run.progress import Progress
from smoltalk.run.quotas import Quotas
from smoltalk.run.walk import AskFor, Walk

_ENOUGH_TO_TELL = 50
"""Rows judged before `max_failed` may stop a run."""

_COLLECT = (50_000, 20, 50)
"""The garbage collector's thresholds during a run. A thousand rows in flight are tens of thousands of objects, and at
the usual 700 it would spend a fifth of the time looking through them in vain."""


class Stream:
    """One session of one run."""

    def __init__(self, pipeline: Pipeline, folder: RunFolder, journal: Journal, books: Books) -> None:
        self.pipeline, self.folder, self.journal = pipeline, folder, journal
        self.target = pipeline.target
        self.source: Source = source_of(pipeline)
        self.walk = Walk(compile_dag(pipeline))
        self.desks: dict[str, Desk] = {}
        for names in pipeline.merged_engines():  # one model is loaded once, under whatever names it is asked
            self.desks |= dict.fromkeys(names, Desk(names[0], pipeline.engines[names[0]].part))
        self.quotas = Quotas(self.target.accepted, self.source.shares())
        gates = [NamedGate(label, gate) for label, gate in labelled_gates(pipeline)]
        self.bench = Bench(gates, self.quotas, self._decide, self._release, self.target.max_attempts)
        needs = max((g.gate.calibrates_on() for g in gates), default=0)
        # A step that needs every row at once holds them all: then nothing bounds the rows in flight.
        self._window = Budget(sys.maxsize if self.walk.barriers else pipeline.rows_in_flight + needs)
        self._must_end()
        self._needs = needs
        self._fingerprints = fingerprints(pipeline)
        self._room = asyncio.Event()
        self._rows: set[asyncio.Task[None]] = set()
        self._fates = {"accepted": 0, "rejected": 0, "failed": 0}
        self._in_flight = self._born = 0
        self._spent_before, self._seconds_before = books.tokens, books.seconds
        self._started = time.monotonic()
        self._stopping = ""
        self._replaying = False
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails with what ends the session early; whoever waits for it hears."""

    # ------------------------------------------------------------ the session

    async def run(self) -> tuple[State, str]:
        """Go on until the target is met, the source ends, or a ceiling stops births; then close the books.

        Raises `WorldError` when an engine or the disk is gone, and `CancelledError` when interrupted: in both cases
        everything replied so far is in the journal.
        """
        async with AsyncExitStack() as stack:
            for desk in set(self.desks.values()):
                stack.push_async_callback(desk.engine.stop)
                await desk.engine.start(self.folder.logs)
            # What is loaded by now stays: the collector need not look through it again while rows come and go.
            gc.freeze()
            thresholds = gc.get_threshold()
            gc.set_threshold(*_COLLECT)
            self._started = time.monotonic()
            ticking = asyncio.create_task(self._tick())
            work = asyncio.create_task(self._work())
            try:
                await asyncio.wait({work, self._broken}, return_when=asyncio.FIRST_COMPLETED)
                if self._broken.done():
                    self._broken.result()
                await work
            finally:
                gc.set_threshold(*thresholds)
                tasks = {ticking, work, *self._rows}
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._note()
        return self._verdict()

    async def _work(self) -> None:
        await self._bear_rows()
        while self._rows:
            await asyncio.wait(self._rows)
        self.bench.finish()

    async def _bear_rows(self) -> None:
        for index, found in enumerate(self._births()):
            self._replaying = index <= self.journal.last_replied
            if self._over() or self._all_born():
                break
            columns = dict.fromkeys(self.source.born_with()) if isinstance(found, RowFailed) else found
            row = born(self.pipeline.name, index, columns)
            share = self.quotas.share_of(row)
            await self._until_wanted(share)
            if self._over():
                break
            if self.quotas.full(share):
                self.bench.land(index, None)
                continue
            await self._window.take()
            self._take(index, row, share, self._unfit(row, found))
        for barrier in self.walk.barriers:
            barrier.expected = sum(not task.done() for task in self._rows)
            barrier.check()

    def _unfit(self, row: Row, found: Row | RowFailed) -> RowFailed | None:
        """Why a row fails at birth: it could not be read, or belongs to none of the source's shares."""
        if isinstance(found, RowFailed):
            return found
        stray = self.quotas.stray(row)
        return RowFailed("unknown_share", stray) if stray else None

    def _must_end(self) -> None:
        """Raises `UserError` when a step waits for the last of rows that never end."""
        stock = isinstance(self.pipeline.source.part, Stock)
        if self.walk.barriers and not stock and self.source.size() is None and self.target.max_attempts is None:
            sentence = "a global step needs every row at once, and this source never ends: give `target.max_attempts`"
            raise UserError([Problem(str(self.pipeline.path), self.pipeline.source.line, sentence)])

    def _births(self) -> Iterator[Row | RowFailed]:
        rows = self.source.rows()
        size = self.source.size()
        yield from rows if size is None else (row for row, _ in zip(rows, range(size), strict=False))

    def _take(self, index: int, row: Row, share: str, unborn: RowFailed | None) -> None:
        self.quotas.born(share)
        self._in_flight += 1
        self._born += 1
        if unborn is not None:
            unborn.where = SOURCE
            self.bench.land(index, Landed(row, unborn))
            return
        task = asyncio.create_task(self._live(index, row))
        self._rows.add(task)
        task.add_done_callback(self._rows.discard)

    def _asker(self, index: int, row: Row) -> AskFor:
        name = (index, row["id"])
        past = self.journal.past(index, row["id"])

        def ask_for(label: str) -> Ask:
            return StepAsk(self.desks, self.journal, past, name, label, self._fingerprints[label], self.pipeline.seed)

        return ask_for

    async def _live(self, index: int, row: Row) -> None:
        try:
            try:
                landed = Landed(await self.walk.through(row, self._asker(index, row)))
            except RowFailed as failure:
                self._leave_barriers()
                landed = Landed(row, failure)
            self.bench.land(index, landed)
        except Exception as error:  # the world, or a fault of ours: in both cases the run ends, and says so
            if not self._broken.done():
                self._broken.set_exception(error)

    # ------------------------------------------------------------ when to go on

    def _all_born(self) -> bool:
        """Whether `max_attempts` rows are born and none can be judged yet: then the gates take what sample there is."""
        waits = self.walk.barriers or self.bench.calibrating
        return bool(waits) and self.target.max_attempts is not None and self._born >= self.target.max_attempts

    async def _until_wanted(self, share: str) -> None:
        """Wait while enough rows of this share are in flight for what is still missing."""
        while not (self._wanted(share) or self.quotas.full(share) or self._over()):
            self._room.clear()
            await self._room.wait()

    def _wanted(self, share: str) -> bool:
        if self.walk.barriers:
            return True
        most = self.target.max_attempts
        if most is not None and self.bench.decided + self._in_flight >= most:
            return False
        return self.quotas.room(share) or (self.bench.calibrating and self._born < self._needs)

    def _over(self) -> bool:
        """Whether no more rows should be born."""
        if self.quotas.met():
            return True
        self._stopping = self._stopping or self._ceiling()
        return bool(self._stopping)

    def _ceiling(self) -> str:
        target = self.target
        if target.max_attempts is not None and self.bench.decided >= target.max_attempts:
            return f"max_attempts: {target.max_attempts:,} rows were born"
        if self._replaying:  # paid for in earlier sessions: no ceiling takes these rows out of the books again
            return ""
        if target.max_tokens is not None and self._tokens() >= target.max_tokens:
            return f"max_tokens: {self._tokens():,} tokens were spent"
        if target.max_hours is not None and self.seconds >= target.max_hours * 3600:
            return f"max_hours: {self.seconds / 3600:.2f} hours have passed"
        return ""

    def _too_many_failed(self, enough: int = _ENOUGH_TO_TELL) -> str:
        judged = sum(self._fates.values())
        if judged >= enough and self._fates["failed"] > self.target.max_failed * judged:
            return f"max_failed: {self._fates['failed']:,} of {judged:,} rows failed"
        return ""

    def _verdict(self) -> tuple[State, str]:
        if self.quotas.met():
            return "complete", ""
        why = self._too_many_failed(1) or self._stopping or self._ceiling()
        if why:
            return "stopped", why
        if self.target.accepted is not None:
            return "stopped", "the source is at its end"
        return "complete", ""

    # ------------------------------------------------------------ what the bench reports

    def _decide(self, fate: Fate) -> None:
        self._fates[fate.fate] += 1
        self.journal.fate(fate)
        if why := self._too_many_failed():
            self._stopping = why
            self.bench.close()

    def _release(self, share: str) -> None:
        self.quotas.landed(share)
        self._in_flight -= 1
        self._window.give()
        self._room.set()

    def _leave_barriers(self) -> None:
        for barrier in self.walk.barriers:
            if barrier.expected is not None:
                barrier.expected -= 1
                barrier.check()

    # ------------------------------------------------------------ figures

    @property
    def seconds(self) -> float:
        """Time spent on this run, earlier sessions included."""
        return self._seconds_before + time.monotonic() - self._started

    def _tokens(self) -> int:
        return self._spent_before + sum(desk.tokens_in + desk.tokens_out for desk in set(self.desks.values()))

    async def _tick(self) -> None:
        """What `status` reads while the run is live."""
        while True:
            await asyncio.sleep(1)
            self._note()

    def _note(self) -> None:
        if self.journal.failure is None:
            self.journal.note(born=self._born - self.bench.surplus, surplus=self.bench.surplus, seconds=self.seconds)

    def progress(self) -> Progress:
        """A snapshot for whoever watches."""
        return Progress(
            born=self._born - self.bench.surplus,
            **self._fates,
            in_flight=self._in_flight,
            target=self.target.accepted,
            seconds=time.monotonic() - self._started,
            tokens_out=sum(desk.tokens_out for desk in set(self.desks.values())),
            engines={desk.name: desk.in_flight for desk in self.desks.values()},
        )
