"""Small readings of English text that tasks share: numbers, sentences, lists, capital letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import add, mul, sub

COUNT_WORDS = {"two": 2, "three": 3, "four": 4}
_NUMBER = re.compile(r"\d[\d,]{0,15}")
_EQUATION = re.compile(r"(\d{1,9}) ([-+x]) (\d{1,9}) = (\d{1,9})")
_SIGNS = {"+": add, "-": sub, "x": mul}


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def uncapitalized(text: str) -> str:
    return text[:1].lower() + text[1:]


def with_article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def numbers(text: str) -> list[int]:
    return [int(found.replace(",", "")) for found in _NUMBER.findall(text)]


def last_number(text: str) -> int | None:
    found = numbers(text)
    return found[-1] if found else None


def equations_hold(text: str) -> bool:
    return all(_SIGNS[sign](int(a), int(b)) == int(c) for a, sign, b, c in _EQUATION.findall(text))


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part]


def joined(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1]


def listed(text: str) -> list[str]:
    """The entries of a list written as prose, as bullets or with numbers, in lower case."""
    plain = re.sub(r"^\s*(?:\d+\.|-)\s*", "", text, flags=re.M)
    entries = (part.strip().lower().rstrip(".") for part in re.split(r",|\band\b|\n", plain))
    return [entry for entry in entries if entry]


def same(text: str, other: str) -> bool:
    """Equal up to case and to the punctuation around."""
    return text.strip(" .!\"'").casefold() == other.strip(" .!\"'").casefold()


def contains(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, flags=re.I) is not None
