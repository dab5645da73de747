"""The labelled set of the contamination measurement: benchmark items, what people do to them, and rows that have none.

Built from a folder with `benchmarks/*.jsonl` (records with `question`, `passage`, `choices`, `split`) and
`corpora/*.jsonl` (records with `messages`); bench/README.md says where ours are from. The same folder and seed give the
same set. Run as `python -m bench.contamination_set FOLDER SEED OUT.jsonl` to look at it.
"""

import hashlib
import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.contamination_negatives import hard, overlapping
from bench.contamination_variants import GROUPS, VARIANTS, Turns, Words
from smoltalk.benchmarks import Item

TUNED, HELD_OUT = 7, 11
"""Seeds: of the items that thresholds were chosen on, and of those that figures are of; never the same items."""
A_BENCHMARK = 60
"""Items of each benchmark, where there are as many."""
NEGATIVE = ("gsm8k_train", "mawps")
"""Files of questions that are no benchmark here but look like one."""


class Case(NamedTuple):
    """One row of the set."""

    group: str
    """`surface`, `light` or `heavy`: an item stands in it; `ordinary` or `hard`: none does."""
    name: str
    """The variant, or the kind of negative."""
    turns: Turns
    """(role, text) each."""
    item: tuple[str, int] | None
    """The benchmark, and the number of the item there."""


def records(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def items(path: Path, split: Callable[[str], bool] = lambda split: True) -> list[Item]:
    """Items of a file, of the splits that are asked for."""
    wanted = (record for record in records(path) if split(str(record["split"])))
    return [Item.model_validate({key: value for key, value in one.items() if value is not None}) for one in wanted]


def protected(folder: Path) -> dict[str, list[Item]]:
    """Every benchmark by its name; of MBPP the test split alone."""
    paths = sorted((folder / "benchmarks").glob("*.jsonl"))
    return {
        path.stem: items(path, (lambda split: split == "test") if path.stem == "mbpp" else (lambda split: True))
        for path in paths
        if path.stem not in NEGATIVE
    }


def conversations(folder: Path) -> list[Turns]:
    """Every conversation of the corpora."""
    return [
        tuple((message["role"], message["content"]) for message in record["messages"])  # type: ignore[attr-defined]
        for path in sorted((folder / "corpora").glob("*.jsonl"))
        for record in records(path)
    ]


def held_out(rows: Sequence[Turns]) -> list[Turns]:
    """Those whose first text has an odd first byte of its MD5: `everyday.npz` is made from the others."""
    return [row for row in rows if hashlib.md5(row[0][1].encode("utf-8", "replace")).digest()[0] % 2]


def chosen(of: Mapping[str, Sequence[Item]], seed: int) -> list[tuple[str, int]]:
    """The items of a seed: of `HELD_OUT`, none that `TUNED` has. Of fewer than four words, none."""
    tuned = random.Random(TUNED)
    first = {name: tuned.sample(range(len(many)), min(A_BENCHMARK, len(many))) for name, many in of.items()}
    picked = first
    if seed != TUNED:
        rng = random.Random(seed)
        rest = {name: sorted(set(range(len(many))) - set(first[name])) for name, many in of.items()}
        picked = {name: rng.sample(left, min(A_BENCHMARK, len(left))) for name, left in rest.items()}
    return [(name, at) for name, ats in picked.items() for at in ats if len(of[name][at].stem.split()) >= 4]


def positives(folder: Path, seed: int) -> Iterator[Case]:
    """Each chosen item in every variant that there is of it."""
    of, rows = protected(folder), conversations(folder)
    for name, variant in VARIANTS.items():
        words = Words(random.Random(f"{seed} {name}"), rows)
        for benchmark, at in chosen(of, seed):
            if turns := variant(of[benchmark][at], words):
                yield Case(GROUPS[name], name, turns, (benchmark, at))


def negatives(folder: Path) -> tuple[list[Case], int]:
    """Ordinary and hard rows, without those in which an item stands word for word; how many those were."""
    of, rows = protected(folder), held_out(conversations(folder))
    hard_rows = hard(
        of, rows,
        {
            "gsm8k_train": items(folder / "benchmarks" / "gsm8k_train.jsonl")[1::2],  # everyday.npz has the others
            "mbpp_other_splits": items(folder / "benchmarks" / "mbpp.jsonl", lambda split: split != "test"),
            "mawps": items(folder / "benchmarks" / "mawps.jsonl"),
        },
    )  # fmt: skip
    cases = [Case("ordinary", "conversations", row, None) for row in rows]
    cases += [Case("hard", name, row, None) for name, many in hard_rows.items() for row in many]
    overlaps = overlapping([item.stem for many in of.values() for item in many], [case.turns for case in cases])
    return [case for case, overlap in zip(cases, overlaps, strict=True) if not overlap], sum(overlaps)


if __name__ == "__main__":
    source, drawn = Path(sys.argv[1]), int(sys.argv[2])
    with Path(sys.argv[3]).open("w", encoding="utf-8") as out:
        for case in [*positives(source, drawn), *negatives(source)[0]]:
            out.write(json.dumps(case._asdict(), ensure_ascii=False) + "\n")
