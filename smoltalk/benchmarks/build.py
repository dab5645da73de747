"""How a fingerprint is made from a benchmark's items."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from smoltalk.benchmarks import COMMON, SHORT, SHORTEST, Fingerprint, Item, Manifest, N, Spec, folder
from smoltalk.errors import Problem, UserError
from smoltalk.text import WORDS_VERSION, ngrams, word_hashes, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def build(name: str, items: Iterable[Item], origin: str) -> Fingerprint:
    """The fingerprint of a benchmark's items.

    Long questions (with their passage) become sets of n-grams. Short ones become one run of words, where no other item
    has the same; with their lettered choices, where there are any, they also become n-grams.
    """
    import numpy as np

    listed = list(items)
    stems = [words(f"{item.passage} {item.question}") for item in listed]
    texts = [_long_form(item, stem) for item, stem in zip(listed, stems, strict=True)]
    boilerplate = _boilerplate()
    sets = [_grams(text) for text in texts]
    known, counts = np.unique(np.concatenate([*sets, boilerplate]), return_counts=True)
    counts[np.isin(known, boilerplate)] = COMMON + 1
    spreads = [counts[np.searchsorted(known, grams)] for grams in sets]
    telling = [_telling(spread) for spread in spreads]
    kept = [grams[mask] for grams, mask in zip(sets, telling, strict=True)]
    runs = _runs(stems)
    shorts = [word_hashes(stems[i]) for i in runs]
    manifest = Manifest(
        name=name,
        origin=origin,
        rows=len(listed),
        items=len(set(runs).union(i for i, grams in enumerate(kept) if len(grams))),
        sha256=_sha256(listed),
        n=N,
        words_version=WORDS_VERSION,
    )
    return Fingerprint(
        manifest,
        grams=np.concatenate([*kept, np.empty(0, np.uint32)]),
        spread=np.concatenate([*(s[m] for s, m in zip(spreads, telling, strict=True)), np.empty(0)])
        .clip(max=COMMON)
        .astype(np.uint8),
        starts=np.cumsum([0, *map(len, kept)]).astype(np.uint32),
        lengths=np.array([min(len(text), 65535) for text in texts], np.uint16),
        runs=np.array([ngrams(short, len(short))[0] for short in shorts], np.uint64),
        run_heads=np.array([ngrams(short, SHORTEST)[0] for short in shorts], np.uint64).astype(np.uint32),
        run_items=np.array(runs, np.uint32),
        run_lengths=np.array([len(short) for short in shorts], np.uint8),
    )


def _long_form(item: Item, stem: list[str]) -> list[str]:
    """The words whose n-grams stand for an item; none for a short question without choices."""
    if len(stem) >= SHORT or not item.choices:
        return stem if len(stem) >= SHORT else []
    lettered = " ".join(f"{chr(65 + i % 26)} {choice}" for i, choice in enumerate(item.choices))
    full = stem + words(lettered)
    return full if len(full) >= SHORT else []


def _runs(stems: list[list[str]]) -> list[int]:
    """The items whose question is short and asked by no other item."""
    short = [(tuple(stem), i) for i, stem in enumerate(stems) if SHORTEST <= len(stem) < SHORT]
    asked = Counter(stem for stem, _ in short)
    return [i for stem, i in short if asked[stem] == 1]


def _telling(spread: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    """Which n-grams of an item to keep: those not of common wording; all, where these would be less than half."""
    rare = spread <= COMMON
    return rare if 2 * rare.sum() >= len(rare) else rare | True


def _grams(text: list[str]) -> "NDArray[np.uint32]":
    import numpy as np

    return np.unique(ngrams(word_hashes(text), N).astype(np.uint32))


def _boilerplate() -> "NDArray[np.uint32]":
    import numpy as np

    lines = (folder() / "boilerplate.txt").read_text("utf-8").splitlines()
    return np.unique(np.concatenate([_grams(words(line)) for line in lines]))


def _sha256(items: list[Item]) -> str:
    lines = "\n".join(json.dumps(item.model_dump(mode="json"), sort_keys=True) for item in items)
    return hashlib.sha256(lines.encode()).hexdigest()


def items_in(path: Path) -> Iterator[Item]:
    """Items of a JSONL file with `question` and, where an item has them, `passage`, `choices`, `answer`."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            given = json.loads(line)
            yield Item.model_validate({key: value for key, value in given.items() if value is not None})
        except (ValueError, AttributeError) as error:
            raise UserError([Problem(str(path), number, f"this line is not an item: {error}")]) from None


def items_on_hub(chosen: Spec) -> Iterator[Item]:
    """Items of a benchmark's dataset, in the order of its configurations and splits."""
    from datasets import load_dataset

    configs = chosen.config if isinstance(chosen.config, tuple) else (chosen.config,)
    for config in configs:
        for split in chosen.splits:
            for row in load_dataset(chosen.dataset, config, split=split, revision=chosen.revision):
                yield chosen.item(row)
