"""Published methods under their own rules, on the text of items: there for comparison, and a hundred times slower.

Words and rule are as published; what is looked at is every text of a row, each on its own (`of` narrows it). Items are
passage and question.
"""

import difflib
import hashlib
import re
import string
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from smoltalk.benchmarks.items import names_of
from smoltalk.decontamination import Hit, best_of_items

if TYPE_CHECKING:
    from smoltalk.benchmarks import Item
    from smoltalk.words import Texts

_PUNCTUATION = str.maketrans("", "", string.punctuation)


class Rule(NamedTuple):
    """What one method compares."""

    n: int
    """Words in an n-gram; shorter items are never found."""
    word: str
    """What a word is, in lower-case text."""
    more_than: float
    """The share of an item's words that must be exceeded; 0: any n-gram will do."""
    aligned: bool = False
    """The share is that of difflib's matching blocks, not of words within shared n-grams."""
    without_marks: bool = False
    """ASCII punctuation is deleted from words."""


RULES: Mapping[str, Rule] = {
    # Lambert et al. 2024, section 3.2, and open-instruct's Elasticsearch analyzer: half the tokens within 8-grams.
    "tulu3": Rule(8, r'[^ ,.?!:;()"\-\n\\]+', 0.5),
    # huggingface/open-r1, scripts/decontaminate.py: any 8-gram of words between white space, marks kept.
    "open-r1": Rule(8, r"\S+", 0),
    # Brown et al. 2020, appendix C, as in lm-evaluation-harness' Janitor: any 13-gram, marks deleted.
    "lm-eval": Rule(13, r"\S+", 0, without_marks=True),
    # Cosmopedia's README, after phi-1.5: candidates by 10-grams, then more than half of the item in matching blocks.
    "cosmopedia": Rule(10, r"\w+", 0.5, aligned=True),
}


class _Word(NamedTuple):
    text: str
    first: int
    """In characters."""
    last: int


class Published:
    """Items and one rule, as a `Finder`."""

    def __init__(self, rule: Rule, items: "Mapping[str, Sequence[Item]]") -> None:
        self.names = tuple(items)
        self.sources = tuple(f"{name}, {len(listed)} items, {_digest(listed)}" for name, listed in items.items())
        self.sizes = tuple(len(listed) for listed in items.values())
        self._rule = rule
        self._ids = [names_of(listed) for listed in items.values()]
        self._words: dict[tuple[int, int], list[str]] = {}
        self._places: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for which, listed in enumerate(items.values()):
            for number, item in enumerate(listed):
                self._enter(which, number, item.stem)

    def called(self, benchmark: int, item: int) -> str:
        """As `Finder.called`."""
        return self._ids[benchmark][item]

    def desk(self) -> None:
        """Nothing: strings are made anew for every text."""

    def find(self, texts: "Texts", desk: object) -> list[Hit]:
        """As `Finder.find`."""
        hits: list[Hit] = []
        for row in range(len(texts.rows) - 1):
            for text in range(texts.rows[row], texts.rows[row + 1]):
                first, last = int(texts.offsets[text]), int(texts.offsets[text + 1])
                hits += self._of_text(row, texts.data[first:last].tobytes().decode("utf-8", "replace"), first)
        return best_of_items(hits)

    def _enter(self, which: int, number: int, text: str) -> None:
        words = [word.text for word in self._split(text)]
        if len(words) >= self._rule.n:
            self._words[which, number] = words
            for place, gram in enumerate(self._grams(words)):
                self._places[gram].append((which, number, place))

    def _split(self, text: str) -> list[_Word]:
        found = (_Word(m[0].lower(), *m.span()) for m in re.finditer(self._rule.word, text))
        if not self._rule.without_marks:
            return list(found)
        return [w for word in found if (w := word._replace(text=word.text.translate(_PUNCTUATION))).text]

    def _grams(self, words: Sequence[str]) -> Iterator[int]:
        return (hash(tuple(words[i : i + self._rule.n])) for i in range(len(words) - self._rule.n + 1))

    def _of_text(self, row: int, text: str, start: int) -> Iterator[Hit]:
        words = self._split(text)
        listed = [word.text for word in words]
        covered: dict[tuple[int, int], set[int]] = defaultdict(set)
        spots: dict[tuple[int, int], list[int]] = defaultdict(list)
        for at, gram in enumerate(self._grams(listed)):
            for which, number, place in self._places.get(gram, ()):
                covered[which, number].update(range(place, place + self._rule.n))
                spots[which, number].append(at)
        for (which, number), found in covered.items():
            item = self._words[which, number]
            share = _aligned(item, listed) if self._rule.aligned else len(found) / len(item)
            if share > self._rule.more_than:
                ats = spots[which, number]
                places = words[ats[0]].first, words[ats[-1] + self._rule.n - 1].last
                first, last = (start + _bytes(text, place) for place in places)
                yield Hit(row, which, number, share, "n_gram", first, last)


def _digest(items: "Sequence[Item]") -> str:
    whole = hashlib.sha256()
    for item in items:
        whole.update(item.model_dump_json().encode() + b"\n")
    return whole.hexdigest()[:16]


def _aligned(item: list[str], text: list[str]) -> float:
    """The share of an item's words within difflib's matching blocks; no more than twice its words around them."""
    if len(text) > 4 * len(item):
        text = _window(item, text)
    blocks = difflib.SequenceMatcher(None, item, text, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(item)


def _window(item: list[str], text: list[str]) -> list[str]:
    """The stretch of a long text, four times as long as the item, with most of its words: difflib is quadratic."""
    wanted, size = Counter(item), 4 * len(item)
    sums = [sum(word in wanted for word in text[:size])]
    for at in range(size, len(text)):
        sums.append(sums[-1] + (text[at] in wanted) - (text[at - size] in wanted))
    best = max(range(len(sums)), key=sums.__getitem__)
    return text[best : best + size]


def _bytes(text: str, place: int) -> int:
    """A place in characters as one in bytes of UTF-8."""
    return len(text[:place].encode("utf-8", "replace"))
