"""Continuous batching: requests join and leave the batch at any step; prompts and decoded tokens share each step.

After Yu et al. 2022 (Orca, OSDI) and, for the prompts cut into chunks, Agrawal et al. 2023 (SARATHI, arXiv 2308.16369).

The last bits of float32 logits depend on the neighbours in the batch. So a token is taken from them only where that
cannot matter; where it could (about one token in a thousand), it is drawn again from exact logits: a floating-point
filter, as in computational geometry (Shewchuk 1997). A reply is thus always the one of exact arithmetic.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from smoltalk.errors import RowFailed
from smoltalk.llama.cache import Cache
from smoltalk.llama.folder import Shape
from smoltalk.llama.forward import Chunk, Llama
from smoltalk.llama.sampling import Draw, draw, uniform
from smoltalk.llama.vocabulary import Vocabulary
from smoltalk.llama.weights import Array

PROMPT_ROWS = 96
"""Prompt tokens a step may hold: more of them make the running requests wait longer for their next token."""


@dataclass(eq=False, slots=True)
class Job:
    """One request at work. `max_tokens` 0 asks a reward model for its score of the prompt."""

    prompt: Array
    """Token ids; never empty."""
    max_tokens: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[bytes, ...] = ()
    """Strings, as UTF-8, that end the text and are cut from it."""
    forbid_first: tuple[str, ...] = ()

    finish: Literal["", "stop", "length", "score"] = ""
    """Empty while the job is running."""
    score: float = 0.0
    cancelled: bool = False
    ids: list[int] = field(default_factory=list)
    """Tokens drawn so far."""
    written: bytearray = field(default_factory=bytearray)
    slot: int = -1
    cached: int = 0
    """How many tokens of prompt and reply the cache holds: all but the last one drawn."""

    @property
    def text(self) -> str:
        """What was written; bytes that are no UTF-8 become U+FFFD."""
        return self.written.decode("utf-8", "replace")


def fit(job: Job, shape: Shape) -> Job:
    """The job with `max_tokens` capped to the context. Raises `RowFailed` when the prompt leaves no room."""
    room = shape.positions - len(job.prompt)
    if room < min(job.max_tokens, 1):
        detail = f"{len(job.prompt)} tokens of a context of {shape.positions}"
        raise RowFailed("prompt_too_long", detail)
    job.max_tokens = min(job.max_tokens, room)
    return job


class Batch:
    """Runs jobs in its own slots of a shared cache. One thread's business."""

    def __init__(
        self,
        model: Llama,
        exact: Llama,
        vocabulary: Vocabulary,
        stop_ids: frozenset[int],
        cache: Cache,
        slots: range,
    ) -> None:
        """`model` computes the batch in `cache`, `exact` decides where float32 cannot; they may be the same."""
        self._model, self._exact, self._vocabulary, self._stop_ids = model, exact, vocabulary, stop_ids
        self._cache, self._exact_cache = cache, Cache(exact.shape, exact.dtype, 1)
        self.rechecked = 0
        """Tokens that were drawn again from exact logits."""
        self._free = list(slots)
        self._waiting: deque[Job] = deque()
        self._reading: list[Job] = []
        self._writing: list[Job] = []

    @property
    def load(self) -> int:
        """Jobs waiting or running."""
        return len(self._waiting) + len(self._reading) + len(self._writing)

    def add(self, job: Job) -> None:
        """Queue a job; it starts at the next step that has a free slot."""
        self._waiting.append(job)

    def step(self) -> list[Job]:
        """Compute one token for every running job; the jobs that ended with it. Cancelled jobs leave silently."""
        self._drop_cancelled()
        self._admit()
        chunks = self._plan_chunks()
        if not self._writing and not chunks:
            return []
        hidden = self._forward(chunks)
        ready = [(row, job) for row, job in enumerate(self._writing)]
        for chunk, job in chunks:
            job.cached = chunk.start + chunk.last - chunk.first
            if job.cached == len(job.prompt):
                self._reading.remove(job)
                self._writing.append(job)
                ready.append((chunk.last - 1, job))
        if ready:
            self._advance([job for _, job in ready], self._model.logits(hidden[[row for row, _ in ready]]))
        ended = [job for job in self._writing if job.finish]
        self._release(ended)
        return ended

    def _drop_cancelled(self) -> None:
        self._waiting = deque(job for job in self._waiting if not job.cancelled)
        self._release([job for job in (*self._reading, *self._writing) if job.cancelled])

    def _release(self, jobs: list[Job]) -> None:
        for job in jobs:
            (self._writing if job in self._writing else self._reading).remove(job)
            self._free.append(job.slot)

    def _admit(self) -> None:
        while self._waiting and self._free:
            job = self._waiting.popleft()
            job.slot, job.cached = self._cache.adopt(job.prompt, self._free)
            self._reading.append(job)

    def _plan_chunks(self) -> list[tuple[Chunk, Job]]:
        """Parts of prompts for this step, oldest first, after one row for each writing job."""
        first, room, chunks = len(self._writing), PROMPT_ROWS, []
        for job in self._reading:
            size = min(room, len(job.prompt) - job.cached)
            if not size:
                break
            chunks.append((Chunk(job.slot, job.cached, first, first + size), job))
            first, room = first + size, room - size
        return chunks

    def _forward(self, chunks: list[tuple[Chunk, Job]]) -> Array:
        writing = self._writing
        tokens = [np.array([job.ids[-1] for job in writing], np.intp)]
        positions = [np.array([job.cached for job in writing], np.intp)]
        slots = [np.array([job.slot for job in writing], np.intp)]
        for chunk, job in chunks:
            end = chunk.start + chunk.last - chunk.first
            tokens.append(job.prompt[chunk.start : end])
            positions.append(np.arange(chunk.start, end))
            slots.append(np.full(end - chunk.start, chunk.slot))
        for job in writing:
            job.cached += 1
        return self._model.hidden(
            self._cache,
            np.concatenate(tokens),
            np.concatenate(positions),
            np.concatenate(slots),
            singles=len(writing),
            chunks=[chunk for chunk, _ in chunks],
        )

    def _advance(self, jobs: list[Job], logits: Array) -> None:
        """Give each job its next token, or its score."""
        if not jobs[0].max_tokens:
            for job, score in zip(jobs, logits[:, 0], strict=True):
                job.score, job.finish = float(score), "score"
            return
        drawn = self._draw(jobs, logits)
        tokens = drawn.tokens.tolist()
        if self._model is not self._exact:
            for row in np.flatnonzero(drawn.doubtful).tolist():
                tokens[row] = int(self._draw([jobs[row]], self._exact_logits(jobs[row])).tokens[0])
                self.rechecked += 1
        for job, token in zip(jobs, tokens, strict=True):
            self._append(job, token)

    def _draw(self, jobs: list[Job], logits: Array) -> Draw:
        for row, job in enumerate(jobs):
            if job.forbid_first and not job.ids:
                logits[row, self._vocabulary.starting_with(job.forbid_first)] = -np.inf
        seeds = np.array([job.seed % 2**64 for job in jobs], np.uint64)
        noise = uniform(seeds, np.array([len(job.ids) for job in jobs], np.uint64))
        return draw(logits, np.array([job.temperature for job in jobs]), np.array([job.top_p for job in jobs]), noise)

    def _exact_logits(self, job: Job) -> Array:
        """[1, vocabulary], computed alone from the start of the prompt, or from where the last such job agrees."""
        tokens = np.concatenate([job.prompt, np.array(job.ids, np.intp)])
        slot, start = self._exact_cache.adopt(tokens, [0])
        positions = np.arange(start, len(tokens))
        hidden = self._exact.hidden(
            self._exact_cache,
            tokens[start:],
            positions,
            np.full_like(positions, slot),
            chunks=[Chunk(slot, start, 0, len(positions))],
        )
        return self._exact.logits(hidden[-1:])

    def _append(self, job: Job, token: int) -> None:
        job.ids.append(token)
        if token in self._stop_ids:
            job.finish = "stop"
            return
        seen = len(job.written)
        job.written += self._vocabulary.bytes_of[token]
        # A stop string may have begun in earlier tokens, at most its length less one byte ago.
        found = [job.written.find(stop, max(0, seen - len(stop) + 1)) for stop in job.stop]
        if cuts := [place for place in found if place >= 0]:
            del job.written[min(cuts) :]
            job.finish = "stop"
        elif len(job.ids) == job.max_tokens:
            job.finish = "length"
