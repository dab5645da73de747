"""Any amount of chat text for the speed of decontamination, the same every time, in batches of Arrow."""

import random
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from bench.contamination_variants import Turns

if TYPE_CHECKING:
    import pyarrow as pa

_CHANGED = 10
"""One word in this many is another one's in every batch: no two batches share many n-grams by more than chance."""


def batches(rows: Sequence[Turns], size: int) -> Iterator["pa.RecordBatch"]:
    """Conversations of at least `size` bytes in all, in a column `messages` of `list<struct<role, content>>`.

    Each batch is all `rows` in another order, a tenth of the words swapped for others of theirs.
    """
    words = [word for row in rows[::5] for _, text in row for word in text.split(" ")]
    made = number = 0
    while made < size:
        rng = random.Random(number)
        batch = [tuple((role, _changed(text, words, rng)) for role, text in row) for row in rows]
        rng.shuffle(batch)
        made += sum(len(text.encode("utf-8", "replace")) for row in batch for _, text in row)
        number += 1
        yield _batch(batch)


def joined(rows: Sequence[Turns], size: int) -> "pa.RecordBatch":
    """One row of one turn, of at least `size` bytes: conversations one after another, words swapped as in `batches`."""
    words = [word for row in rows[::5] for _, text in row for word in text.split(" ")]
    rng, made, texts = random.Random(0), 0, list[str]()
    for row in cycle(rows):
        if made >= size:
            break
        texts.append("\n".join(_changed(text, words, rng) for _, text in row))
        made += len(texts[-1].encode("utf-8", "replace")) + 1
    return _batch([(("user", "\n".join(texts)),)])


def _batch(rows: Sequence[Turns]) -> "pa.RecordBatch":
    import pyarrow as pa

    kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    column = pa.array([[{"role": role, "content": text} for role, text in row] for row in rows], kind)
    return pa.RecordBatch.from_arrays([column], ["messages"])


def _changed(text: str, words: Sequence[str], rng: random.Random) -> str:
    split = text.split(" ")
    for _ in range(len(split) // _CHANGED + (rng.random() < len(split) % _CHANGED / _CHANGED)):
        split[int(rng.random() * len(split))] = words[int(rng.random() * len(words))]
    return " ".join(split)
