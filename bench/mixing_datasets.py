"""The rival of `bench.mixing`: `datasets` as its guide mixes sources, with rensa for near duplicates.

`python -m bench.mixing_datasets ROWS FOLDER`. Whatever looks at one row alone runs in a process a core; what compares
rows cannot, and runs in this one.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.measured import report
from bench.mixing_rows import SIZES, TAKEN, file_of

_WORDS = 8
"""In an n-gram that a row must not share with an item (as in Tülu 3)."""


def talk(asked: str, answered: str) -> list[dict[str, str]]:
    """A conversation of one exchange."""
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


def mapped(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row under the mixture's columns."""
    match name:
        case "chat":
            return {"messages": row["messages"], "source": name}
        case "shared":
            return {"messages": talk(*(turn["value"] for turn in row["conversations"])), "source": name}
        case "stories":
            return {"messages": talk(row["prompt"], row["completion"]), "source": name}
    return {"messages": talk(row["question"], row["answer"]), "source": name}


def said(row: dict[str, Any]) -> str:
    """All that is said in a row."""
    return " ".join(turn["content"] for turn in row["messages"])


def grams(text: str, words: int) -> list[str]:
    """Runs of words."""
    found = text.lower().split()
    return [" ".join(found[at : at + words]) for at in range(len(found) - words + 1)] or [text]


class New:
    """Whether a row is unlike all before it."""

    def __init__(self) -> None:
        from rensa import RMinHashDeduplicator

        self._seen: set[str] = set()
        self._near = RMinHashDeduplicator(threshold=0.7, num_perm=128, use_lsh=True)
        self._rows = 0

    def __call__(self, batch: dict[str, list[Any]]) -> list[bool]:
        texts = [" ".join(turn["content"] for turn in one) for one in batch["messages"]]
        plain = [" ".join(text.lower().split()) for text in texts]
        first = []
        for text in plain:
            first.append(text not in self._seen)
            self._seen.add(text)
        some = [text for text, new in zip(plain, first, strict=True) if new]
        pairs = [(str(self._rows + at), grams(text, 3)) for at, text in enumerate(some)]
        self._rows += len(some)
        unlike = iter(self._near.add_pairs(pairs))
        return [new and next(unlike) for new in first]


def main(rows: int, folder: Path) -> None:
    """Mix; report rows a second."""
    from datasets import concatenate_datasets, disable_progress_bars, interleave_datasets, load_dataset

    disable_progress_bars()
    cores = os.cpu_count() or 1
    began = time.monotonic()
    items = [json.loads(line)["question"] for line in (folder / "items.jsonl").open()]
    held = {gram for item in items for gram in grams(item, _WORDS)}
    parts = []
    for name in SIZES:
        file = file_of(folder, name)
        kind = "parquet" if file.suffix == ".parquet" else "json"
        data = load_dataset(kind, data_files=str(file), split="train", cache_dir=str(folder / "cache"))
        data = data.map(lambda row, name=name: mapped(name, row), remove_columns=data.column_names, num_proc=cores)
        parts.append(data.filter(lambda row: held.isdisjoint(grams(said(row), _WORDS)), num_proc=cores))
    every = concatenate_datasets(parts).filter(New(), batched=True, new_fingerprint="unlike")
    wanted = {name: int(rows * TAKEN * share) for name, share in SIZES.items()}
    names = every["source"]
    places: dict[str, list[int]] = {name: [] for name in SIZES}
    for place, name in enumerate(names):
        places[name].append(place)
    taken = [every.select(places[name][: wanted[name]]) for name in SIZES]
    mixed = interleave_datasets(
        taken, probabilities=list(SIZES.values()), seed=0, stopping_strategy="all_exhausted_without_replacement"
    )
    mixed = mixed.train_test_split(test_size=0.02, seed=0)
    for split in mixed:
        mixed[split].to_parquet(str(folder / f"rival-{split}.parquet"))
    report(rate=rows / (time.monotonic() - began), kept=sum(map(len, taken)))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
