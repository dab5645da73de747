"""What finding near duplicates costs, and what is found: `python -m bench.duplicates SIDE ROWS`.

Rows are made by `written`, the same in every process: sentences of made-up words of frequencies as in any
language, most of them new, one in eight an edited copy of an earlier row. Every side is given the same Python strings
and works on one thread; timed is CPU from the first string to the last answer, so that a busy machine does not count.
"""

import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bench.measured import measured, report, scratch
from bench.result import Result, compared

ROWS, SLOW = 200_000, 10_000
"""Rows for those that are fast, and for those that would need minutes."""
THRESHOLD = 0.7
EDITS: dict[str, float] = {"the same": 0, "case and marks": 0, "1 %": 0.01, "3 %": 0.03, "5 %": 0.05, "10 %": 0.1}
"""What was done to copies: the share of words exchanged. A further kind is cut to four fifths."""
CUT = "cut to 80 %"


class Made(NamedTuple):
    """Rows, and which of them are copies."""

    texts: list[str]
    copies: dict[int, str]
    """Row -> what was done to it."""


def results(quick: bool) -> Iterator[Result]:
    """Rows a CPU second and what is found, against datasketch and rensa where they are installed."""
    rows, slow = (800, 400) if quick else (ROWS, SLOW)
    with scratch() as folder:
        ours = measured("duplicates", "ours", rows, folder=folder)
        for rival, many in (("datasketch", slow), ("rensa", rows), ("rensa rho", rows)):
            if not _installed(rival.split()[0]):
                print(f"duplicates: not beside {rival}, which is not installed (the extra `bench`)", file=sys.stderr)
                continue
            theirs = measured("duplicates", rival, many, folder=folder)
            yield compared(f"near duplicates, {rows:,} rows, or {rival}", ours["rate"], "rows/s", rival, theirs["rate"])
            for kind in (*EDITS, CUT):
                name = f"copies found, {kind}, or {rival}"
                yield compared(name, max(ours[kind], 0.1), "%", rival, max(theirs[kind], 0.1))
            name = f"other rows left alone, or {rival}"
            yield compared(name, 100 - ours["others"], "%", rival, 100 - theirs["others"])
            yield compared(f"memory a kept row, or {rival}", ours["bytes"], "bytes", rival, theirs["bytes"])
    yield compared("memory a kept row", ours["bytes"], "bytes", "our limit", 1000)


def written(rows: int) -> Made:
    """Rows of about a kilobyte; the same for the same number."""
    draw = random.Random(7)
    letters = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]
    words = ["".join(draw.choices(letters, k=draw.randint(1, 4))) for _ in range(30_000)]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))  # Zipf 1949
    sentences = []
    for _ in range(60_000):
        said = draw.choices(words, cum_weights=weights, k=draw.randint(4, 24))
        sentences.append(f"{' '.join(said).capitalize()}{draw.choice('....?!:')}")
    texts: list[str] = []
    copies: dict[int, str] = {}
    kinds = (*EDITS, CUT)
    for row in range(rows):
        if row > 100 and row % 8 == 0:
            kind = kinds[row // 8 % len(kinds)]
            copies[row] = kind
            first = draw.randrange(row) | 1  # an odd row is no copy
            first -= 2 * (first >= row)
            texts.append(_copied(texts[first], kind, words, draw))
        else:
            texts.append(" ".join(draw.choices(sentences, k=max(3, int(draw.lognormvariate(2.2, 0.6))))))
    return Made(texts, copies)


def _copied(text: str, kind: str, words: Sequence[str], draw: random.Random) -> str:
    said = text.split()
    if kind == CUT:
        return " ".join(said[: len(said) * 4 // 5])
    if kind == "case and marks":
        return "  ".join(said).upper().replace(".", " !")
    share = EDITS[kind]
    return " ".join(draw.choice(words) if draw.random() < share else word for word in said)


def ours(texts: Sequence[str]) -> tuple[list[bool], object]:
    """Our index, fed in portions as the command feeds it."""
    from smoltalk.duplicates.near import NearIndex
    from smoltalk.words import texts_of

    index = NearIndex(THRESHOLD)
    found: list[bool] = []
    for start in range(0, len(texts), 4_096):
        found += (index.add(texts_of([text] for text in texts[start : start + 4_096])).earlier >= 0).tolist()
    return found, index


def datasketch(texts: Sequence[str]) -> tuple[list[bool], object]:
    """As in its documentation, by word 3-grams."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=128)
    found: list[bool] = []
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([gram.encode() for gram in _grams(text)])
        found.append(bool(index.query(sketch)))
        if not found[-1]:
            index.insert(number, sketch)
    return found, index


def rensa(texts: Sequence[str]) -> tuple[list[bool], object]:
    """Its deduplicator, as in its README, by word 3-grams."""
    from rensa import RMinHashDeduplicator

    index = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=128, use_lsh=True)
    found: list[bool] = []
    for start in range(0, len(texts), 4_096):
        some = enumerate(texts[start : start + 4_096], start)
        found += [not kept for kept in index.add_pairs((str(number), _grams(text)) for number, text in some)]
    return found, index


def rensa_rho(texts: Sequence[str]) -> tuple[list[bool], object]:
    """The path its published figures are of: words, of which it samples some."""
    from rensa import RMinHash, RMinHashLSH

    sketches = RMinHash.digest_matrix_from_token_sets_rho([text.split() for text in texts], 128, 42)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=128, num_bands=16)
    return list(map(bool, index.query_duplicate_flags_matrix_one_shot(sketches))), (index, sketches)


def _grams(text: str) -> list[str]:
    said = text.lower().split()
    return [" ".join(said[at : at + 3]) for at in range(len(said) - 2)] or [text]


SIDES: dict[str, Callable[[Sequence[str]], tuple[list[bool], object]]] = {
    "ours": ours, "datasketch": datasketch, "rensa": rensa, "rensa rho": rensa_rho,
}  # fmt: skip


def _installed(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(library) is not None


def main(side: str, rows: int) -> None:
    """Make the rows, let the side find copies, report how fast it was and how many of each kind it found."""
    made = written(rows)
    SIDES[side](made.texts[:200])  # machine code, caches, imports
    before = _memory()
    began = time.process_time()
    found, index = SIDES[side](made.texts)
    seconds = time.process_time() - began
    held = _memory() - before
    del index
    kinds: dict[str, list[bool]] = {kind: [] for kind in (*EDITS, CUT)}
    for row, kind in made.copies.items():
        kinds[kind].append(found[row])
    shares = {kind: 100 * sum(some) / max(len(some), 1) for kind, some in kinds.items()}
    wrong = sum(found) - sum(map(sum, kinds.values()))
    others = 100 * wrong / max(rows - len(made.copies), 1)
    kept = len(found) - sum(found)
    report(rate=rows / seconds, others=others, bytes=max(held, 1) / kept, **shares)


def _memory() -> int:
    """Bytes this process holds now."""
    import psutil

    return int(psutil.Process(os.getpid()).memory_info().rss)


if __name__ == "__main__":
    os.environ |= {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    main(sys.argv[1], int(sys.argv[2]))
