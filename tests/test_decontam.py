"""Every benchmark in decontam/: spec and fingerprint belong together, and its example is caught in any disguise."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from smoltalk import benchmarks
from smoltalk.contracts import KEEP, Judge
from smoltalk.gates.decontaminate import Decontaminate

NAMES = benchmarks.names()
PROMISED = {"ifeval", "gsm8k", "humaneval", "mbpp", "mmlu", "mt_bench", "truthfulqa", "arena_hard", "bbh", "svamp"}

CLEAN = [
    ("What should I cook tonight?", "How about lentils with rice, and a tomato salad on the side?"),
    ("Write a Python function to reverse a list.", "def reverse(items):\n    return items[::-1]"),
    ("Which of the following statements is true?", "Please give me the statements first."),
    ("Tom has 7 marbles and gives 3 to Ann. How many marbles does he have left?", "He has 4 marbles left."),
    ("Do not use any commas in your response. Describe a winter morning.", "Snow lies on the roofs and all is quiet."),
    ("Explain photosynthesis in two sentences.", "Plants turn light, water and air into sugar. Oxygen is left over."),
    ("Think step by step.\n\n### Question:\nWhat is 12 * 11?\n\n### Answer:", "12 * 11 = 132"),
    ("", ""),
]


@cache
def everything() -> Judge:
    return Decontaminate(against=NAMES).open()


def row(*turns: str) -> dict[str, Any]:
    return {"id": "r", "messages": [{"role": ("user", "assistant")[i % 2], "content": t} for i, t in enumerate(turns)]}


def test_the_promised_benchmarks_are_here() -> None:
    assert set(NAMES) >= PROMISED


@pytest.mark.parametrize("name", NAMES)
def test_spec_and_fingerprint_belong_together(name: str) -> None:
    spec, fingerprint = benchmarks.spec(name), benchmarks.load(name)
    manifest = fingerprint.manifest
    assert (manifest.name, manifest.rows) == (name, spec.rows)
    assert len(fingerprint.lengths) == len(fingerprint.starts) - 1 == spec.rows
    assert manifest.items >= 0.98 * spec.rows
    assert manifest.origin
    owned = np.union1d(np.flatnonzero(np.diff(fingerprint.starts)), fingerprint.run_items)
    assert len(owned) == manifest.items
    assert (fingerprint.spread >= 1).all()
    assert (fingerprint.spread <= benchmarks.COMMON).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: (text,),
        lambda text: (text.upper(), "Sure."),
        lambda text: ("".join(c if c.isalnum() or c == "'" else " " for c in text),),
        lambda text: (text.replace(" ", "\u00a0\n"),),
        lambda text: (f"Answer the question below.\n\n### Question\n{text}\n\n### Answer\n", "I think so."),
        lambda text: ("Hello", "Hello, what can I do for you?", f"This: {text}", "With pleasure."),
        lambda text: ("Invent a test question.", text),
    ],
    ids=["verbatim", "case", "punctuation", "space", "template", "later", "assistant"],
)
def test_the_example_is_caught(name: str, disguise: Any) -> None:
    turns = disguise(benchmarks.spec(name).example)
    found = everything().judge(row(*turns))
    assert found.reason == f"in_{name}"
    assert found.evidence["score"] >= 0.9


@pytest.mark.parametrize("turns", CLEAN)
def test_clean_rows_are_kept(turns: tuple[str, ...]) -> None:
    assert everything().judge(row(*turns)) == KEEP


def test_all_together_stay_small() -> None:
    assert sum((benchmarks.folder() / f"{name}.npz").stat().st_size for name in NAMES) < 6_000_000


def test_every_file_belongs_to_a_benchmark() -> None:
    files = {path.name for path in benchmarks.folder().iterdir()}
    assert files == {"README.md", "boilerplate.txt"} | {f"{n}.yaml" for n in NAMES} | {f"{n}.npz" for n in NAMES}


def test_the_readme_lists_every_benchmark() -> None:
    readme = (benchmarks.folder() / "README.md").read_text("utf-8")
    for name in NAMES:
        made = benchmarks.load(name).manifest
        assert (
            f"| `{name}` | {made.rows:,} | {made.items:,} | {benchmarks.spec(name).licence} | {made.origin} |" in readme
        )
