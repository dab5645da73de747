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
    with scratch() as folder:
        rates = measured("verifications", *((4, 1) if quick else (100, 5)), folder=folder)
    yield compared("constraints, all kinds", rates["all"], "verifications/s", "our aim", AIM)
    if "their_ifeval" not in rates:
        print("verifications: lm-eval[ifeval] is not installed, so it is left out", file=sys.stderr)
        return
    yield compared("constraints of IFEval", rates["ifeval"], "verifications/s", "lm-eval", rates["their_ifeval"])
    name = "constraints of IFEval that ask no language"
    yield compared(name, rates["no_language"], "verifications/s", "lm-eval", rates["their_no_language"])


def answers(count: int) -> list[str]:
    """Plain English answers of three paragraphs, always the same."""
    from smoltalk.nano.world import TOPICS

    rng, said = random.Random(7), [sentence for topic in TOPICS.values() for sentence in topic]
    per_paragraph = WORDS // 3 // 6
    return ["\n\n".join(" ".join(rng.sample(said, per_paragraph)) for _ in range(3)) for _ in range(count)]


def cases(ids: Iterable[str]) -> list[Case]:
    """Each constraint with kwargs as they are sampled."""
    from smoltalk.constraints import constraints

    rng = random.Random(7)
    return [(id, constraints()[id].draw(rng, "Describe a garden.").kwargs()) for id in sorted(ids)]


def rate(verify: Callable[[str, Case], object], texts: list[str], asked: list[Case]) -> float:
    """Verifications a CPU-second."""
    for case in asked:
        verify(texts[0], case)  # loads the language model
    began = time.process_time()
    for text in texts:
        for case in asked:
            verify(text, case)
    return len(texts) * len(asked) / (time.process_time() - began)


def _ours(text: str, case: Case) -> object:
    from smoltalk.constraints import verify_constraints

    return verify_constraints(text, [{"id": case[0], "kwargs": case[1]}]).outcome


def _theirs(text: str, case: Case) -> object:
    from lm_eval.tasks.ifeval.instructions_registry import INSTRUCTION_DICT

    checker = INSTRUCTION_DICT[case[0]](case[0])
    checker.build_description(**case[1])
    return checker.check_following(text)


def main(count: int, rounds: int) -> None:
    """Both sides take turns; the best of each one's rounds."""
    from smoltalk.constraints import IFEVAL, constraints

    texts, shared = answers(count), IFEVAL - NEED_DATA
    runs = {
        "all": (_ours, texts, cases(constraints())),
        "ifeval": (_ours, texts, cases(shared)),
        "no_language": (_ours, texts, cases(shared - BY_LANGUAGE)),
    }
    if importlib.util.find_spec("lm_eval"):
        runs["their_ifeval"] = (_theirs, texts[: max(1, count // 10)], cases(shared))
        runs["their_no_language"] = (_theirs, texts, cases(shared - BY_LANGUAGE))
    best = dict.fromkeys(runs, 0.0)
    for _ in range(rounds):
        for name, run in runs.items():
            best[name] = max(best[name], rate(*run))
    report(**best)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
