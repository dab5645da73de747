"""Every benchmark in decontam/: spec and fingerprint belong together, and its example is caught in any disguise."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from smoltalk.benchmarks import folder, load, names, prints, spec
from smoltalk.benchmarks.index import Index
from smoltalk.words import texts_of

NAMES = names()
BUILT = tuple(name for name in NAMES if (folder() / f"{name}.npz").is_file())
PROMISED = {
    "ifeval", "gsm8k", "humaneval", "mbpp", "mmlu", "mt_bench", "arena_hard_v0_1", "arena_hard_v2_0", "truthfulqa",
    "bbh", "svamp", "olympiadbench",
}  # fmt: skip
SPEC_ONLY = {"math_500", "aime24", "aime25", "gpqa", "livecodebench", "mmlu_pro", "alpaca_eval", "ifbench"}
COPIES = {"olympiadbench": 675, "truthfulqa": 813}
"""Built from copies that have another number of items than the Hub; the README says so."""

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


@pytest.fixture(autouse=True)
def no_own_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user of this machine has built is not what ships."""
    monkeypatch.setattr("smoltalk.benchmarks.shelf.own_folder", lambda: folder() / "none")


@cache
def everything() -> Index:
    return Index(prints(BUILT), 0.5)


def caught(*turns: str) -> dict[str, float]:
    """The best score of each benchmark that the row is found in."""
    index = everything()
    hits = index.scan(texts_of([turns]))
    found = zip(index.benchmark[hits.units].tolist(), hits.scores[:, 0].tolist(), strict=True)
    best: dict[str, float] = {}
    for benchmark, score in found:
        best[BUILT[benchmark]] = max(score, best.get(BUILT[benchmark], 0.0))
    return best


def test_the_promised_benchmarks_are_here() -> None:
    assert set(BUILT) == PROMISED
    assert set(NAMES) == PROMISED | SPEC_ONLY
    assert [one.manifest.name for one in prints(["arena_hard"])] == ["arena_hard_v0_1", "arena_hard_v2_0"]


@pytest.mark.parametrize("name", NAMES)
def test_specs_are_pinned(name: str) -> None:
    assert spec(name).revision
    assert spec(name).rows


@pytest.mark.parametrize("name", BUILT)
def test_spec_and_fingerprint_belong_together(name: str) -> None:
    made = load(name)
    assert (made.manifest.name, made.manifest.rows) == (name, COPIES.get(name, spec(name).rows))
    assert made.manifest.items >= 0.98 * made.manifest.rows
    assert made.manifest.origin and made.ids == ()
    assert len(np.unique(made.items)) >= 0.99 * made.manifest.items
    assert made.unfound == ()
    assert made.items.max() < made.manifest.rows


@pytest.mark.parametrize("name", BUILT)
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
def test_the_example_is_caught(name: str, disguise: Callable[[str], tuple[str, ...]]) -> None:
    assert caught(*disguise(spec(name).example or ""))[name] == pytest.approx(1)


@pytest.mark.parametrize("turns", CLEAN)
def test_clean_rows_are_kept(turns: tuple[str, ...]) -> None:
    assert caught(*turns) == {}


def test_all_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in folder().rglob("*")) < 10_000_000


def test_every_file_belongs_to_a_benchmark() -> None:
    files = {path.name for path in folder().iterdir()}
    assert files == {"README.md", "wording"} | {f"{n}.yaml" for n in NAMES} | {f"{n}.npz" for n in BUILT}


def test_the_readme_lists_every_benchmark() -> None:
    readme = (folder() / "README.md").read_text("utf-8")
    for name in BUILT:
        made = load(name).manifest
        assert f"| `{name}` | {made.rows:,} | {made.items:,} | {spec(name).licence} | {made.origin} |" in readme
    for name in set(NAMES) - set(BUILT):
        assert f"| `{name}` | {spec(name).rows:,} | {spec(name).licence} | {spec(name).dataset} |" in readme


def test_short_questions_with_choices_are_caught_without_them() -> None:
    assert caught("Which organ secretes insulin?") == {"mmlu": 1.0}
    assert caught("And now?", "DO DUCK-QUACKS ECHO", "No.") == {"truthfulqa": 1.0}
    assert caught("I wonder: do duck quacks echo, or not?") == {}


@pytest.mark.parametrize("text", ["Who are you?", "What do you do?", "Inflation", "Which statement is true?"])
def test_what_everybody_says_is_not_caught_though_a_benchmark_asks_it(text: str) -> None:
    assert caught(text) == {}
