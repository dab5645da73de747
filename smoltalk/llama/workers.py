"""The threads that run a model, and the bridge from asyncio to them.

Each thread decodes its own batch with its own slots: numpy lets go of the interpreter while it computes, and threads
that wait for nobody stay fast on a busy machine. They share the weights, the cache and one queue.
"""

import asyncio
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Condition, Thread

import numpy as np

from smoltalk.errors import WorldError
from smoltalk.llama.batching import Batch, Job, fit
from smoltalk.llama.blas import hold_to_one_thread
from smoltalk.llama.cache import Cache
from smoltalk.llama.chat import ChatFormat
from smoltalk.llama.folder import read_json
from smoltalk.llama.forward import Llama
from smoltalk.llama.vocabulary import Vocabulary

_STOPS = ("<|im_end|>", "<|endoftext|>")
_SLOTS_PER_THREAD = 8
"""Fewer rows than this make a product so thin that another thread gains nothing."""

Future = asyncio.Future[Job]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """A model folder at work on up to `slots` requests at once."""

    def __init__(self, folder: Path, slots: int) -> None:
        """Load the model and start the threads; takes a fraction of a second. Raises `WorldError`."""
        with ThreadPoolExecutor(1) as beside:
            exact_loading = beside.submit(Llama, folder)
            self.vocabulary = Vocabulary(folder)
            self.chat = ChatFormat(folder, self.vocabulary)
            exact = exact_loading.result()
        self.shape, self.scores = exact.shape, exact.scores
        # Models may have more rows in their head than the tokenizer has tokens.
        self.vocabulary.bytes_of += [b""] * (self.shape.vocabulary - len(self.vocabulary.bytes_of))
        # A score is a number, whose last bits are read: it has to be exact throughout.
        model = exact if exact.scores else Llama(folder, exact=False)
        self._wake = Condition()
        self._queue: deque[Job] = deque()
        self._futures: dict[Job, Future] = {}
        self._ended: WorldError | None = None
        # Where BLAS cannot be held to one thread it brings its own, and several batches would fight over them.
        threads = max(1, min(_processors(), slots // _SLOTS_PER_THREAD)) if hold_to_one_thread() else 1
        cache, stop_ids = Cache(model.shape, model.dtype, slots), self._stop_ids(folder)
        edges = np.linspace(0, slots, threads + 1).astype(int).tolist()
        self._threads: list[Thread] = []
        for low, high in pairwise(edges):
            batch = Batch(model, exact, self.vocabulary, stop_ids, cache, range(low, high))
            self._threads.append(Thread(target=self._work, args=(batch,), name=f"llama-{low}", daemon=True))
        for thread in self._threads:
            thread.start()

    def _stop_ids(self, folder: Path) -> frozenset[int]:
        path = folder / "generation_config.json"
        eos = read_json(path).get("eos_token_id", []) if path.is_file() else []
        named = {self.vocabulary.control[token] for token in _STOPS if token in self.vocabulary.control}
        return self.shape.stop_ids | named | set(eos if isinstance(eos, list) else [eos])

    async def run(self, job: Job) -> Job:
        """The job, ended. Raises `RowFailed` when it does not fit, `WorldError` when the threads are gone.

        Cancelling the caller gives the job's slot back at the next step.
        """
        fit(job, self.shape)
        future: Future = asyncio.get_running_loop().create_future()
        with self._wake:
            if self._ended:
                raise WorldError(*self._ended.args)
            self._futures[job] = future
            self._queue.append(job)
            self._wake.notify()
        try:
            return await future
        finally:
            # Ended already, unless the caller was cancelled.
            job.cancelled = True
            with self._wake:
                self._futures.pop(job, None)

    def stop(self) -> None:
        """End the threads; requests under way get a `WorldError`. Safe to call twice."""
        self._end(WorldError("the model was stopped"))
        for thread in self._threads:
            thread.join()

    def _work(self, batch: Batch) -> None:
        try:
            while self._take(batch):
                if ended := batch.step():
                    self._deliver(ended)
        except Exception as error:
            self._end(WorldError(f"the model failed while computing: {type(error).__name__}: {error}"))

    def _take(self, batch: Batch) -> bool:
        """Move this batch's share of the queue into it, waiting when there is nothing to do; False to end."""
        with self._wake:
            while not self._ended and not self._queue and not batch.load:
                self._wake.wait()
            share = -(-len(self._futures) // len(self._threads))
            while self._queue and batch.load < max(share, 1):
                batch.add(self._queue.popleft())
            return not self._ended

    def _deliver(self, jobs: list[Job]) -> None:
        with self._wake:
            ended = [(job, self._futures.pop(job, None)) for job in jobs]
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Future, Job | WorldError]]] = {}
        for job, future in ended:
            if future:
                by_loop.setdefault(future.get_loop(), []).append((future, job))
        for loop, results in by_loop.items():
            _hand_over(loop, results)

    def _end(self, error: WorldError) -> None:
        with self._wake:
            self._ended = self._ended or error
            pending = list(self._futures.values())
            self._futures.clear()
            self._queue.clear()
            self._wake.notify_all()
        for future in pending:
            _hand_over(future.get_loop(), [(future, error)])


def _hand_over(loop: asyncio.AbstractEventLoop, results: list[tuple[Future, Job | WorldError]]) -> None:
    """Settle futures on their own loop, with one wake-up for all."""

    def settle() -> None:
        for future, result in results:
            if future.done():
                continue
            if isinstance(result, WorldError):
                future.set_exception(WorldError(*result.args))
            else:
                future.set_result(result)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The loop was closed: nobody is waiting any more.
        return
