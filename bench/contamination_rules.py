"""The published rules of other decontamination scripts, written anew from their descriptions: which rows they flag.

Each is kinder to the rival than its script: all benchmarks share one lookup, and where the script reads one column the
rule here reads every turn unless its users' docs say otherwise.
"""

import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

from bench.contamination_variants import Turns

Rule = Callable[[Turns], bool]
"""Whether a row is contaminated."""

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def open_r1(items: Iterable[str]) -> Rule:
    """open-r1 `scripts/decontaminate.py`: lower case, split at white space, any shared 8-gram.

    The script reads one column, a problem's text.
    """
    lookup = {gram for item in items for gram in _joined(item.lower().split(), 8)}
    return lambda turns: any(gram in lookup for gram in set(_joined(_whole(turns).lower().split(), 8)))


def open_r1_as_written(items: Iterable[str]) -> Rule:
    """The same with the steps of its script, for its speed: the text joined and split again, all n-grams looked up.

    The script does this once a benchmark; here all benchmarks are one.
    """

    def grams(text: str) -> set[str]:
        return set(_joined(" ".join(text.lower().strip().split()).split(), 8))

    lookup: dict[str, set[int]] = defaultdict(set)
    for number, item in enumerate(items):
        for gram in grams(item):
            lookup[gram].add(number)
    return lambda turns: any([gram in lookup for gram in grams(_whole(turns))])  # noqa: C419


def lm_eval(items: Iterable[str]) -> Rule:
    """The Janitor of lm-evaluation-harness, after GPT-3: lower case, no punctuation, any shared 13-gram."""

    def words(text: str) -> list[str]:
        return text.lower().translate(_NO_PUNCTUATION).split()

    lookup = {gram for item in items for gram in _joined(words(item), 13)}
    return lambda turns: any(gram in lookup for gram in _joined(words(_whole(turns)), 13))


def tulu3(items: Iterable[str]) -> Rule:
    """Tülu 3: more than half of an item's tokens are in 8-grams that one user turn has too.

    Its tokens are those of its Elasticsearch analyzer, here for items as well.
    """
    separators = re.compile(r"[ ,.?!:;()\"-]|\n|\\")

    def words(text: str) -> list[str]:
        return [word for word in separators.split(text.lower()) if word]

    listed = [words(item) for item in items]
    places: dict[str, set[int]] = defaultdict(set)
    for number, item in enumerate(listed):
        for gram in _joined(item, 8):
            places[gram].add(number)

    def covered(number: int, grams: set[str]) -> bool:
        found = set[int]()
        for at, gram in enumerate(_joined(listed[number], 8)):
            if gram in grams:
                found.update(range(at, at + 8))
        return len(found) > len(listed[number]) / 2

    def contaminated(turns: Turns) -> bool:
        for role, text in turns:
            grams = set(_joined(words(text), 8)) if role == "user" else set[str]()
            if any(covered(number, grams) for number in {n for gram in grams for n in places.get(gram, ())}):
                return True
        return False

    return contaminated


def cosmopedia(items: Iterable[str]) -> Rule:
    r"""Cosmopedia, after phi-1: words are `\w+`; one shared 10-gram, and difflib matches over half of an item."""

    def words(text: str) -> list[str]:
        return re.findall(r"\w+", text.lower())

    listed = [words(item) for item in items]
    places: dict[str, set[int]] = defaultdict(set)
    for number, item in enumerate(listed):
        for gram in _joined(item, 10):
            places[gram].add(number)

    def contaminated(turns: Turns) -> bool:
        row = words(_whole(turns))
        matcher = SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(row)
        for number in sorted({n for gram in set(_joined(row, 10)) for n in places.get(gram, ())}):
            matcher.set_seq1(listed[number])
            if sum(block.size for block in matcher.get_matching_blocks()) > len(listed[number]) / 2:
                return True
        return False

    return contaminated


RULES: dict[str, Callable[[Iterable[str]], Rule]] = {
    "open-r1": open_r1,
    "tulu3": tulu3,
    "lm-eval": lm_eval,
    "cosmopedia": cosmopedia,
}


def _whole(turns: Turns) -> str:
    return "\n".join(text for _, text in turns)


def _joined(words: Sequence[str], length: int) -> list[str]:
    return [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]
