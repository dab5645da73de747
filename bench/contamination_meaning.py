"""What the embedding stage of `pipelines/rephrased_questions.yaml` brings before its judge, with hashed words, offline.

`python -m bench.contamination_meaning` needs the folder of `SMOLTALK_CONTAMINATION_DATA` (bench/README.md) and writes
`contamination_meaning.json`, in per cent: of edited copies, how many have their item among the `TOP` nearest at the
step's own cut; the same of those that the comparison of words misses; and of rows without an item, how many have any.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.contamination import _ours
from bench.contamination_set import HELD_OUT, Case, negatives, positives, protected
from bench.machine import described
from smoltalk.engines.embedding import Embedding
from smoltalk.steps.nearest_items import NearestItems

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURES = Path(__file__).resolve().parent / "contamination_meaning.json"
KINDS = ("numbers_changed", "names_changed", "swapped_20", "swapped_30", "first_70", "first_half", "last_70")
TOP, LEAST = (NearestItems.model_fields[name].default for name in ("top", "least"))
EVERY = 8
"""Of rows without an item, one in so many."""
_BATCH = 1_000


def main(folder: Path) -> None:
    """Measure and write."""
    of = protected(folder)
    stems = [item.lettered for items in of.values() for item in items]
    starts = dict(zip(of, np.cumsum([0, *map(len, of.values())]).tolist(), strict=False))
    near = Near(stems)
    edited = [case for case in positives(folder, HELD_OUT) if case.name in KINDS]
    plain = [case for case in negatives(folder)[0] if case.group == "ordinary"][::EVERY]
    missed = [not flagged for flagged in _ours(of)(edited)]
    brought = [
        case.item is not None and starts[case.item[0]] + case.item[1] in found
        for case, found in zip(edited, near.of(edited), strict=True)
    ]
    kinds = {
        name: {
            "rows": sum(case.name == name for case in edited),
            "brought": _share([b for case, b in zip(edited, brought, strict=True) if case.name == name]),
            "missed_by_words": sum(m for case, m in zip(edited, missed, strict=True) if case.name == name),
            "brought_of_those": _share(
                [b for case, b, m in zip(edited, brought, missed, strict=True) if case.name == name and m]
            ),
        }
        for name in KINDS
    }
    ordinary = {"rows": len(plain), "brought": _share([bool(found) for found in near.of(plain)])}
    told = {"machine": described(), "date": time.strftime("%Y-%m-%d"), "top": TOP, "least": LEAST, "items": len(stems)}
    FIGURES.write_text(json.dumps({**told, "kinds": kinds, "ordinary": ordinary}, indent=1) + "\n", encoding="utf-8")


class Near:
    """The items nearest to rows, as the step `nearest_items` finds them."""

    def __init__(self, stems: Sequence[str]) -> None:
        self._vectors = Embedding()._load()
        self._items = self._of(stems)

    def of(self, cases: Sequence[Case]) -> list[set[int]]:
        """For each row the numbers of at most `TOP` items, each with a cosine of at least `LEAST`."""
        found: list[set[int]] = []
        for at in range(0, len(cases), _BATCH):
            rows = self._of(["\n".join(text for _, text in case.turns) for case in cases[at : at + _BATCH]])
            for likeness in rows @ self._items.T:
                best = np.argpartition(-likeness, TOP)[:TOP].tolist()
                found.append({item for item in best if likeness[item] >= LEAST})
        return found

    def _of(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        parts = [np.asarray(self._vectors(texts[at : at + _BATCH]), np.float32) for at in range(0, len(texts), _BATCH)]
        whole = np.concatenate(parts)
        whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-9)
        return whole


def _share(flags: Sequence[bool]) -> float:
    return round(100 * sum(flags) / len(flags), 2) if flags else 0.0


if __name__ == "__main__":
    main(Path(os.environ["SMOLTALK_CONTAMINATION_DATA"]))
