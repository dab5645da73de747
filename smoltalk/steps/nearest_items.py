"""Benchmark items that mean nearly what a row says: candidates for a judge, after words have found nothing."""

import asyncio
import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from smoltalk.asking_step import AsksOne
from smoltalk.benchmarks import Item, items_in
from smoltalk.contracts import Ask
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.text import strings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ITEMS = 1_000_000
"""Turns from here on are those of items, which the first row of a session embeds for all."""


class NearestItems(AsksOne):
    """Writes the nearest items of private benchmarks into `column`: a list of `{benchmark, item, likeness, text}`.

    With a judge that reads them (`ask` with the template `same_question`) this is the method of LMSYS (Yang et al.
    2023, arXiv 2311.04850): rephrasings and translations share meaning with an item, not words. Fingerprints hold no
    text, so items come from files.
    """

    engine_kind: ClassVar[str] = "embeds"

    against: tuple[str, ...] = Field(min_length=1)
    """Files of items (.jsonl), relative to the working directory."""
    of: str = "instruction"
    """The column that is compared: a text, or a conversation, whose turns are joined."""
    top: int = Field(default=3, gt=0)
    """Items at most."""
    least: float = Field(default=0.5, ge=-1, le=1)
    """The cosine below which an item is none; what is near depends on the engine's model."""
    column: str = "nearest_items"

    def check(self) -> Iterator[str]:
        for path in self.against:
            if not path.endswith(".jsonl") or not Path(path).is_file():
                yield f"`{path}` is no file of items (.jsonl); fingerprints hold no text to compare meanings of"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def identity(self) -> dict[str, Any]:
        """With the content of the files."""
        return {**self.model_dump(mode="json"), "items": [_digest(path) for path in self.against]}

    async def write(self, row: Row, ask: Ask) -> Row:
        text = "\n".join(strings(row.get(self.of)))
        if not text.strip():
            raise RowFailed("missing", f"column `{self.of}` holds no text to compare")
        mine = await ask.embed(self.engine, text)
        likeness = (await self._vectors.of(self, ask)) @ mine
        near = [int(at) for at in likeness.argsort()[::-1][: self.top] if likeness[at] >= self.least]
        return {self.column: [self._told(at, float(likeness[at])) for at in near]}

    def _told(self, at: int, likeness: float) -> dict[str, Any]:
        benchmark, number, item = self._items[at]
        name = item.id or str(number)
        return {"benchmark": benchmark, "item": name, "likeness": round(likeness, 3), "text": item.lettered}

    @cached_property
    def _items(self) -> list[tuple[str, int, Item]]:
        files = [Path(path) for path in self.against]
        return [(file.stem, number, item) for file in files for number, item in enumerate(items_in(file))]

    @cached_property
    def _vectors(self) -> "_Vectors":
        return _Vectors()


class _Vectors:
    """The items' vectors, asked for once in a session."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._kept: NDArray[np.float64] | None = None

    async def of(self, step: NearestItems, ask: Ask) -> "NDArray[np.float64]":
        """One row an item."""
        import numpy as np

        async with self._lock:
            if self._kept is None:
                texts = [item.lettered for _, _, item in step._items]
                asked = (ask.embed(step.engine, text, turn=_ITEMS + at) for at, text in enumerate(texts))
                self._kept = np.array(await asyncio.gather(*asked))
        return self._kept


def _digest(path: str) -> str:
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=8).hexdigest() if Path(path).is_file() else ""
