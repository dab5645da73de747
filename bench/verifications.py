"""How many constraints a second one core verifies, beside lm-eval's IFEval checkers where they are installed.

A verification is what a row costs: the kwargs checked, the text judged, the reason written. lm-eval's is what its task
does for an answer: the checker made, `build_description` with the kwargs, `check_following`. The two of its checkers
that need NLTK's data are left out on both sides, since those have to be downloaded. Figures are of CPU time.
"""

import importlib.util
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bench.measured import measured, report, scratch
from bench.result import Result, compared

AIM = 20_000
"""Verifications a second."""
WORDS = 150
"""In an answer, about."""
BY_LANGUAGE = {"language:response_language", "change_case:english_capital", "change_case:english_lowercase"}
NEED_DATA = {"length_constraints:number_sentences", "change_case:capital_word_frequency"}

Case = tuple[str, dict[str, Any]]


def results(quick: bool) -> Iterator[Result]:
    """All constraints against our aim; IFEval's against lm-eval, with and without those that ask for a language."""
    answers, rounds = (4, 1) if quick else (200, 3)
    with scratch() as folder:
        ours = measured("verifications", "ours", answers, rounds, folder=folder)
        yield compared("constraints, all kinds", ours["all"], "verifications/s", "our aim", AIM)
        if importlib.util.find_spec("lm_eval") is None:
            print("verifications: lm-eval[ifeval] is not installed, so it is left out", file=sys.stderr)
            return
        theirs = measured("verifications", "theirs", answers // 4, rounds, folder=folder)
    yield compared("constraints of IFEval", ours["ifeval"], "verifications/s", "lm-eval", theirs["ifeval"])
    name = "constraints of IFEval that ask no language"
    yield compared(name, ours["no_language"], "verifications/s", "lm-eval", theirs["no_language"])


def answers(count: int) -> list[str]:
    """Plain English answers of three paragraphs, always the same."""
    from smoltalk.nano.world import TOPICS

    rng, said = random.Random(7), [sentence for topic in TOPICS.values() for sentence in topic]
    per_paragraph = WORDS // 3 // 7
    return ["\n\n".join(" ".join(rng.sample(said, per_paragraph)) for _ in range(3)) for _ in range(count)]


def cases(ids: Iterable[str]) -> list[Case]:
    """Each constraint with kwargs as they are sampled."""
    from smoltalk.constraints import constraints

    rng = random.Random(7)
    return [(id, constraints()[id].draw(rng, "Describe a garden.").kwargs()) for id in sorted(ids)]


def rate(verify: Callable[[str, Case], object], texts: list[str], asked: list[Case], rounds: int) -> float:
    """Verifications a CPU-second, the best of some rounds."""
    best = float("inf")
    for case in asked:
        verify(texts[0], case)  # loads the language model
    for _ in range(rounds):
        began = time.process_time()
        for text in texts:
            for case in asked:
                verify(text, case)
        best = min(best, time.process_time() - began)
    return len(texts) * len(asked) / best


def _ours(text: str, case: Case) -> object:
    from smoltalk.constraints import verify_constraints

    return verify_constraints(text, [{"id": case[0], "kwargs": case[1]}]).outcome


def _theirs(text: str, case: Case) -> object:
    from lm_eval.tasks.ifeval.instructions_registry import INSTRUCTION_DICT

    checker = INSTRUCTION_DICT[case[0]](case[0])
    checker.build_description(**case[1])
    return checker.check_following(text)


def main(side: str, count: int, rounds: int) -> None:
    """The timed run of a side."""
    from smoltalk.constraints import IFEVAL, constraints

    verify, texts, shared = (_ours if side == "ours" else _theirs), answers(count), IFEVAL - NEED_DATA
    sets = {"ifeval": shared, "no_language": shared - BY_LANGUAGE}
    if side == "ours":
        sets["all"] = frozenset(constraints())
    report(**{name: rate(verify, texts, cases(ids), rounds) for name, ids in sets.items()})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
