"""Rows that hold no benchmark item: some of them made to look as if they did; and which of them hold one after all."""

import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bench.contamination_variants import Turns
from bench.contamination_wording import WORDING
from smoltalk.benchmarks import Item

_SEED = 3
_OF_A_KIND = 200
"""Rows with each kind of shared wording."""
_PROBE = 4
"""Words by which an item is first looked for; shorter ones must be a whole turn."""


def hard(
    of: Mapping[str, Sequence[Item]], rows: Sequence[Turns], beside: Mapping[str, Sequence[Item]]
) -> dict[str, list[Turns]]:
    """Kinds of rows that share wording with benchmarks and no item: questions `beside` them, and boilerplate.

    `rows` are what the wording is put into: ordinary conversations.
    """
    rng = random.Random(_SEED)
    constraints = _constraints(of.get("ifeval", ())) or [""]
    headers = _headers(of.get("bbh", ())) or [""]

    def some(count: int) -> list[Turns]:
        return rng.sample(rows, min(count, len(rows)))

    made = {
        **{kind: [_worded(row, lines, rng) for row in some(_OF_A_KIND)] for kind, lines in WORDING.items()},
        "ifeval_constraints": [f"{row[0][1][:200]} {rng.choice(constraints)}" for row in some(700)],
        "bbh_headers": [f"{rng.choice(headers)} {row[0][1][:300]}" for row in some(300)],
        "options_boilerplate": [_truth_table(row) for row in some(300)],
    }
    questions = {name: [item.stem for item in many] for name, many in beside.items()}
    return {name: [(("user", text),) for text in texts] for name, texts in (questions | made).items()}


def _worded(row: Turns, lines: Sequence[str], rng: random.Random) -> str:
    """An ordinary text after two lines of shared wording, before them, or between them."""
    one, two = rng.sample(lines, 2)
    text = row[0][1][:400]
    return rng.choice((f"{one}\n{two}\n\n{text}", f"{text}\n\n{one} {two}", f"{one}\n\n{text}\n\n{two}"))


def _constraints(items: Sequence[Item]) -> list[str]:
    """Sentences that several prompts share: instructions on form, not a task."""
    sentences = Counter(s.strip() for item in items for s in re.split(r"(?<=[.!?])\s+", item.question))
    return sorted(sentence for sentence, times in sentences.items() if times >= 2 and len(sentence.split()) > 4)


def _headers(items: Sequence[Item]) -> list[str]:
    """The first words of tasks, shared by all their items."""
    starts = Counter(" ".join(item.question.split()[:14]) for item in items)
    return sorted(start for start, times in starts.items() if times > 20)


def _truth_table(row: Turns) -> str:
    options = "A. True, True\nB. False, False\nC. True, False\nD. False, True"
    return f"Statement 1 | {row[0][1][:80]} Statement 2 | {row[-1][1][:80]}\n{options}"


def overlapping(stems: Sequence[str], rows: Sequence[Turns]) -> list[bool]:
    """Whether an item stands in a row word for word, told without any code of the project.

    Words are runs of letters and digits after NFKC and case folding; an item of fewer than `_PROBE` words must be a
    whole turn.
    """
    by_probe: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    whole = set()
    for stem in stems:
        words = _words(stem)
        if len(words) < _PROBE:
            whole.add(words)
        else:
            by_probe[words[:_PROBE]].add(words)

    def holds(text: str) -> bool:
        words = _words(text)
        return words in whole or any(
            item == words[at : at + len(item)]
            for at in range(len(words) - _PROBE + 1)
            for item in by_probe.get(words[at : at + _PROBE], ())
        )

    return [any(holds(text) for _, text in row) for row in rows]


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))
