"""Any amount of chat text for the speed of decontamination, the same every time, in batches of Arrow."""

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bench.contamination_variants import Turns

if TYPE_CHECKING:
    import pyarrow as pa

_CHANGED = 10
"""One word in this many is another one's in every batch: no two batches share many n-grams by more than chance."""


def batches(rows: Sequence[Turns], size: int) -> Iterator["pa.Array"]:
    """Conversations of at least `size` bytes in all, as `list<struct<role, content>>` columns.

    Each batch is the corpora in another order, a tenth of the words swapped for others of theirs.
    """
    import pyarrow as pa

    words = [word for row in rows[::5] for _, text in row for word in text.split(" ")]
    kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    made = number = 0
    while made < size:
        rng = random.Random(number)
        batch = [[{"role": role, "content": _changed(text, words, rng)} for role, text in row] for row in rows]
        rng.shuffle(batch)
        made += sum(len(turn["content"].encode("utf-8", "replace")) for row in batch for turn in row)
        number += 1
        yield pa.array(batch, kind)


def _changed(text: str, words: Sequence[str], rng: random.Random) -> str:
    split = text.split(" ")
    for _ in range(len(split) // _CHANGED + (rng.random() < len(split) % _CHANGED / _CHANGED)):
        split[int(rng.random() * len(split))] = words[int(rng.random() * len(words))]
    return " ".join(split)
