"""What becomes of a benchmark item on its way into a dataset: formatting, another place, small and larger edits."""

import random
import re
from collections.abc import Callable, Sequence

from smoltalk.benchmarks import Item

Turns = tuple[tuple[str, str], ...]
"""(role, text) each."""

_TEMPLATES = (
    "Answer the following question.\n\n{}\n\nLet's think step by step.",
    "### Instruction:\n{}\n\n### Response:",
    "Q: {}\nA:",
    "You are given a task. {} Explain your reasoning.",
    "<question>{}</question>\nGive the final answer in a box.",
    "Please help me with this problem:\n\n> {}\n\nThanks!",
)
_NAMES = ("Priya", "Olaf", "Mbeki", "Quinn", "Zhang", "Ximena", "Tariq")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")
_LOOKALIKES = str.maketrans("aeopcxy", "аеорсху")  # Latin to Cyrillic
_VOWELS = "aeiou"


class Words:
    """Chance, and words and passages of ordinary conversations to put in."""

    def __init__(self, rng: random.Random, rows: Sequence[Turns]) -> None:
        self.rng = rng
        self._texts = [text for row in rows for _, text in row]
        self._words = [word for text in self._texts[::7] for word in text.split() if word.isalpha()]

    def word(self) -> str:
        return self.rng.choice(self._words)

    def passage(self) -> str:
        return self.rng.choice(self._texts)[: self.rng.choice((200, 600, 1500))]


Variant = Callable[[Item, Words], Turns | None]
"""The turns that a variant makes of an item; nothing where it makes none of it."""


def _text(item: Item) -> str:
    return f"{item.passage}\n{item.question}".strip()


def _optioned(item: Item, choices: Sequence[str]) -> str:
    return "\n".join([_text(item), *(f"{chr(65 + number)}. {choice}" for number, choice in enumerate(choices))])


def _user(change: Callable[[str, Words], str]) -> Variant:
    """A variant of one user turn: the item's text, changed; nothing where that changes nothing or leaves nothing."""

    def variant(item: Item, words: Words) -> Turns | None:
        text = change(_text(item), words)
        return (("user", text),) if text.strip() and text != _text(item) else None

    return variant


def _case(text: str, words: Words) -> str:
    return words.rng.choice((text.upper(), text.lower(), text.title()))


def _no_punctuation(text: str, words: Words) -> str:
    return re.sub(r"[^\w\s']", "", text)


def _spaced_punctuation(text: str, words: Words) -> str:
    return re.sub(r"[^\w\s']", " ", text)


def _whitespace(text: str, words: Words) -> str:
    return re.sub(r"\s+", lambda _: words.rng.choice(("  ", "\n", "\t", " \u00a0", "\r\n")), text)


def _full_width(text: str, words: Words) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) <= 126 else c for c in text)


def _invisible(text: str, words: Words) -> str:
    """Zero-width spaces inside words; in half of the rows also Cyrillic letters for Latin ones."""
    sown = "".join(c + ("\u200b" if words.rng.random() < 0.1 else "") for c in text)
    return sown.translate(_LOOKALIKES) if words.rng.random() < 0.5 else sown


def _template(text: str, words: Words) -> str:
    return words.rng.choice(_TEMPLATES).format(text)


def _embedded(text: str, words: Words) -> str:
    return f"{words.passage()}\n{text}\n{words.passage()}"


def _by_word(share: float, change: Callable[[str, Words], Sequence[str]]) -> Variant:
    """Each word has this chance to become what `change` makes of it."""

    def text(given: str, words: Words) -> str:
        kept = ([word] if words.rng.random() >= share else change(word, words) for word in given.split())
        return " ".join(word for some in kept for word in some)

    return _user(text)


def _typo(word: str, words: Words) -> list[str]:
    """Two letters change places; a short or even word gets or loses one."""
    if len(word) < 4:
        return [word + words.rng.choice(_VOWELS)]
    at = words.rng.randrange(1, len(word) - 1)
    if word[at] == word[at + 1]:
        return [word[:at] + word[at + 1 :]]
    return [word[:at] + word[at + 1] + word[at] + word[at + 2 :]]


def _numbers(text: str, words: Words) -> str:
    return re.sub(r"\d+", lambda found: str(words.rng.randrange(1, 10 ** len(found[0]) + 1)), text)


def _names(text: str, words: Words) -> str:
    return _NAME.sub(lambda _: words.rng.choice(_NAMES), text)


def _part(begin: float, end: float) -> Variant:
    """The words from one share of the text to another."""

    def text(given: str, words: Words) -> str:
        split = given.split()
        return " ".join(split[int(len(split) * begin) : max(1, int(len(split) * end))])

    return _user(text)


def _split(item: Item, words: Words) -> Turns:
    split = _text(item).split()
    return ("user", " ".join(split[: len(split) // 2])), ("user", " ".join(split[len(split) // 2 :]))


def _reordered(item: Item, words: Words) -> Turns | None:
    order = words.rng.sample(item.choices, len(item.choices))
    return (("user", _optioned(item, order)),) if item.choices else None


SURFACE: dict[str, Variant] = {
    "verbatim": lambda item, words: (("user", _text(item)),),
    "case": _user(_case),
    "punctuation_deleted": _user(_no_punctuation),
    "punctuation_spaced": _user(_spaced_punctuation),
    "whitespace": _user(_whitespace),
    "full_width": _user(_full_width),
    "invisible_and_lookalike": _user(_invisible),
    "template": _user(_template),
    "with_options": lambda item, words: (("user", _optioned(item, item.choices)),) if item.choices else None,
    "options_reordered": _reordered,
    "embedded": _user(_embedded),
    "later_turn": lambda item, words: (
        ("user", words.passage()), ("assistant", words.passage()),
        ("user", _text(item)), ("assistant", words.passage()),
    ),
    "assistant_turn": lambda item, words: (("user", words.passage()), ("assistant", _text(item))),
    "system_turn": lambda item, words: (("system", _text(item)), ("user", words.passage())),
    "split_over_turns": _split,
}  # fmt: skip
LIGHT: dict[str, Variant] = {
    "dropped_10": _by_word(0.1, lambda word, words: []),
    "inserted_10": _by_word(0.1, lambda word, words: [word, words.word()]),
    "typos_10": _by_word(0.1, _typo),
    "swapped_10": _by_word(0.1, lambda word, words: [words.word()]),
    "swapped_20": _by_word(0.2, lambda word, words: [words.word()]),
    "numbers_changed": _user(_numbers),
    "names_changed": _user(_names),
    "first_70": _part(0, 0.7),
}
HEAVY: dict[str, Variant] = {
    "first_half": _part(0, 0.5),
    "last_70": _part(0.3, 1),
    "swapped_30": _by_word(0.3, lambda word, words: [words.word()]),
}
VARIANTS = SURFACE | LIGHT | HEAVY
GROUPS = dict.fromkeys(SURFACE, "surface") | dict.fromkeys(LIGHT, "light") | dict.fromkeys(HEAVY, "heavy")
