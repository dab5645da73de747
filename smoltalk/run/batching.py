"""Micro-batches for work that only pays in batches: rows gather while a batch runs off the loop, and go on singly."""

import asyncio
from collections.abc import Callable, Sequence

from smoltalk.errors import RowError, RowFailed, WorldError
from smoltalk.rows import Row

WriteBatch = Callable[[Sequence[Row]], list[Row]]
"""The new columns of each row, in order. Blocks; runs in a thread."""


Waiting = tuple[Row, asyncio.Future[Row]]
"""A row, and what its caller waits for."""


class Batcher:
    """Collects rows and writes them `size` at a time. No barrier: a lone row does not wait for company."""

    def __init__(self, write: WriteBatch, size: int) -> None:
        self._write, self._size = write, size
        self._queue: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, row: Row) -> Row:
        """The row's new columns. Raises `RowFailed` for this row alone, whatever its batch."""
        future: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        self._queue.append((row, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        await asyncio.sleep(0)  # rows made ready by the same event join the first batch
        while self._queue:
            batch, self._queue = self._queue[: self._size], self._queue[self._size :]
            outcomes: Sequence[Row | RowError | WorldError]
            try:
                outcomes = await asyncio.to_thread(write_apart, self._write, [row for row, _ in batch])
            except BaseException as error:
                outcomes = [_failed(error)] * len(batch)
                if not isinstance(error, Exception):
                    raise
            _settle(batch, outcomes)


class Barrier:
    """For steps that need every row at once: holds rows until no more can come, then writes them together."""

    def __init__(self, write: WriteBatch) -> None:
        self._write = write
        self._held: list[Waiting] = []
        self.expected: int | None = None
        """Rows that will arrive, once that is known; rows that fail before lower it."""

    async def __call__(self, row: Row) -> Row:
        """The row's new columns, when all rows are here."""
        future: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        self._held.append((row, future))
        self.check()
        return await future

    def check(self) -> None:
        """Let the rows go if all of them are here; rows that failed in another branch meanwhile are not."""
        self._held = [(row, future) for row, future in self._held if not future.done()]
        if self.expected is not None and self._held and len(self._held) >= self.expected:
            held, self._held = self._held, []
            asyncio.get_running_loop().create_task(self._release(held))

    async def _release(self, held: list[Waiting]) -> None:
        outcomes: Sequence[Row | RowError | WorldError]
        try:
            outcomes = await asyncio.to_thread(_write_all, self._write, [row for row, _ in held])
        except Exception as error:
            outcomes = [_failed(error)] * len(held)
        _settle(held, outcomes)


def write_apart(write: WriteBatch, rows: list[Row]) -> list[Row | RowError | WorldError]:
    """Write a batch; when it fails, write its rows one by one, so that one bad row fails alone. Raises `WorldError`."""
    try:
        return list(_write_all(write, rows))
    except WorldError:
        raise
    except Exception as error:
        if len(rows) == 1:
            return [_failed(error)]
    return [outcome for row in rows for outcome in write_apart(write, [row])]


def _settle(batch: Sequence[Waiting], outcomes: Sequence[Row | RowError | WorldError]) -> None:
    """Tell each caller what became of its row."""
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():  # its row was cancelled
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _write_all(write: WriteBatch, rows: list[Row]) -> list[Row]:
    written = write(rows)
    if len(written) != len(rows):
        raise RowFailed("row_count", f"the step was given {len(rows)} rows and returned {len(written)}")
    return written


def _failed(error: BaseException) -> RowError | WorldError:
    if isinstance(error, RowError | WorldError):
        return error
    return RowFailed("step_error", f"{type(error).__name__}: {error}"[:500])
