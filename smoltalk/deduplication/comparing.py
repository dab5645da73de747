"""The three ways to compare rows, behind one face: a batch goes in, and what each of its rows repeats comes out."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from smoltalk.deduplication import Job
from smoltalk.duplicates.exact import ExactIndex
from smoltalk.duplicates.near import KEEP_ALL, Found, NearIndex
from smoltalk.duplicates.others import texts_of_rows, unit, vectors_of
from smoltalk.duplicates.prompts import unprompted_batch
from smoltalk.duplicates.semantic import SemanticIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.words import Texts


class Seen(NamedTuple):
    """A batch that was compared."""

    found: Found
    texts: "Texts | None"
    """What was compared; None where it was vectors."""


class Comparing(Protocol):
    """Remembers the rows that stay; given rows in their order."""

    def see(self, batch: pa.RecordBatch, columns: Sequence[str], keep_all: bool) -> Seen:
        """Compare a batch by these columns. `keep_all`: only remember it. Raises `ValueError` for unlike vectors."""

    def close(self) -> None:
        """Let go of what is open."""


def comparing(job: Job) -> Comparing:
    """What a job asks for."""
    match job.by:
        case "exact":
            return _Exact()
        case "near":
            return _Near(NearIndex(job.threshold, job.ngram))
        case "semantic":
            return _Semantic(SemanticIndex(job.threshold), job.model)


class _Exact:
    def __init__(self) -> None:
        self._index = ExactIndex()

    def see(self, batch: pa.RecordBatch, columns: Sequence[str], keep_all: bool) -> Seen:
        texts = texts_of_rows(batch, columns)
        return Seen(self._index.add(texts), texts)

    def close(self) -> None:
        """Nothing is open."""


class _Near:
    def __init__(self, index: NearIndex) -> None:
        self._index = index

    def see(self, batch: pa.RecordBatch, columns: Sequence[str], keep_all: bool) -> Seen:
        texts = texts_of_rows(unprompted_batch(batch, columns), columns)
        return Seen(self._index.add(texts, threshold=KEEP_ALL if keep_all else None), texts)

    def close(self) -> None:
        """Nothing is open."""


class _Semantic:
    """Vectors from the column, or made of the texts in it."""

    def __init__(self, index: SemanticIndex, model: str | None) -> None:
        self._index, self._model = index, model
        self._engine: _Running | None = None

    def see(self, batch: pa.RecordBatch, columns: Sequence[str], keep_all: bool) -> Seen:
        vectors = vectors_of(batch, columns[0]) if len(columns) == 1 and columns[0] in batch.schema.names else None
        texts = None
        if vectors is None:
            texts = texts_of_rows(batch, columns)
            vectors = self._made(texts)
        return Seen(self._index.add(vectors, KEEP_ALL if keep_all else None), texts)

    def close(self) -> None:
        """Let go of the engine."""
        if self._engine is not None:
            self._engine.close()

    def _made(self, texts: "Texts") -> "NDArray[np.float32]":
        if self._engine is None:
            self._engine = _Running(self._model)
        return self._engine.vectors(_strings(texts))


def _strings(texts: "Texts") -> list[str]:
    """Each row's texts as one."""

    def one(text: int) -> str:
        return texts.data[texts.offsets[text] : texts.offsets[text + 1]].tobytes().decode("utf-8", "replace")

    return [
        "\n".join(one(text) for text in range(texts.rows[row], texts.rows[row + 1]))
        for row in range(len(texts.rows) - 1)
    ]


class _Running:
    """The embedding engine, started, with a loop of its own."""

    def __init__(self, model: str | None) -> None:
        from smoltalk.engines.embedding import Embedding

        self._engine: Embedding = Embedding(model=model)
        self._loop = asyncio.new_event_loop()
        with TemporaryDirectory() as folder:
            self._loop.run_until_complete(self._engine.start(Path(folder)))

    def vectors(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """A unit vector for each text; zeros for one without any."""
        from smoltalk.vectors import vector_of

        async def all_of_them() -> list[list[float]]:
            replies = await asyncio.gather(*(self._engine.embed(text) for text in some))
            return [vector_of(reply.text) for reply in replies]

        some = [text for text in texts if text.strip()]
        if not some:
            return np.zeros((len(texts), 0), np.float32)
        found = np.asarray(self._loop.run_until_complete(all_of_them()), np.float32).reshape(len(some), -1)
        whole = np.zeros((len(texts), found.shape[1]), np.float32)
        whole[[place for place, text in enumerate(texts) if text.strip()]] = unit(found)
        return whole

    def close(self) -> None:
        """Stop the engine and its loop."""
        self._loop.run_until_complete(self._engine.stop())
        self._loop.close()
