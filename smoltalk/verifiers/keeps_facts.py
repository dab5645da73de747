"""A rewriting must say what the text said: its numbers, names and addresses, and no others."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pydantic import Field

from smoltalk.contracts import Outcome, Verifier
from smoltalk.only import NOT_CHECKED, Only, concerns
from smoltalk.rows import Row
from smoltalk.text import shown, strings

_LONGEST = 50_000
"""Characters of a text that can be compared."""

_ADDRESS = re.compile(
    r"https?://[^\s<>\"')\]]+|www\.[^\s<>\"')\]]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|(?<!\w)@\w{2,}", re.I
)
_DATE = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-(\d\d)\b")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:[.:]\d+)*")
# Patterns that begin with a character look behind it, not before it: the engine then skips to that character.
_BELOW_ZERO = re.compile(rf"[-−](?<![\w)\]%.°'’−-][-−])[$€£]?({_NUMBER.pattern})")
"""A number with its sign; `5-10`, `A-10` and `(0)-10` hold none."""
_POINT = re.compile(r"\.(?<![\w.]\.)(?=\d)")
_MINUS = re.compile(r"(?<!\d )\b(?:minus|negative) (?=[$€£]?\d)", re.I)
_CAPITALISED = re.compile(r" (?<=[\w,;)&'’] )([^\W\d_a-z][\w&]*(?:[-'’.][\w&]+)*)")
"""A capitalised word where a sentence goes on: after a word or a comma, and one space."""
_WORD = re.compile(r"[^\W\d_]+")
_NO_LETTERS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalpha()})
_ITEM = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]", re.M)
"""The number of a list's item is no fact."""

_ONES = {word: str(n) for n, word in enumerate(
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
     "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"], 1)}  # fmt: skip
_TENS = {word: str(10 * n) for n, word in enumerate(
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}  # fmt: skip
_ORDINALS = {word: str(n) for n, word in enumerate(
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1)}  # fmt: skip
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = {name[:3]: name for name in (*_MONTHS, *_DAYS)} | {"tues": "tuesday", "thurs": "thursday", "sept": "september"}
_SPELT = _ONES | _TENS | _ORDINALS
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_IN_FULL = frozenset(_SHORT.values())

_NO_NAMES = frozenset({
    # greetings, closings, headings of mails
    "hi", "hello", "hey", "dear", "team", "all", "everyone", "everybody", "folks", "sir", "madam", "friends", "mr",
    "mrs", "ms", "dr", "colleagues", "regards", "best", "thanks", "thank", "subject", "date", "re", "fw", "fwd", "cc",
    # abbreviations that add nothing
    "ps", "i", "ok", "okay", "asap", "fyi", "btw", "lol", "omg", "tbh", "imo", "imho", "eod", "am", "pm", "tl", "faq",
    # words that are shouted
    "a", "and", "again", "always", "any", "are", "but", "can", "cannot", "completely", "do", "does", "don't", "done",
    "ever", "every", "finally", "free", "help", "immediately", "important", "is", "it", "just", "last", "must", "my",
    "need", "never", "new", "no", "not", "nothing", "now", "of", "only", "please", "quickly", "really", "right", "so",
    "still", "stop", "that", "the", "this", "time", "to", "today", "tomorrow", "too", "totally", "urgent", "very",
    "wait", "want", "we", "what", "when", "where", "who", "why", "will", "wow", "yes", "you", "your",
})  # fmt: skip
"""Words that are capitalised without being anybody's name."""


class _Facts(NamedTuple):
    """What is compared of each fact, and how the text writes it."""

    addresses: dict[str, str]
    numbers: dict[str, str]
    names: dict[str, str]
    text: str
    """The text without its addresses."""

    def total(self) -> int:
        """How many facts there are."""
        return len(self.addresses) + len(self.numbers) + len(self.names)


class KeepsFacts(Verifier):
    """Fails a text that drops more facts of its source than it may, or brings in one that the source lacks.

    Facts are what code can see: numbers (`1,200` is `1200`, `9:00` is `9`, `.5` is `0.5`, `two` is `2`, `minus two` is
    `-2`), dates, words that are capitalised inside a sentence (`Sept` is `September`), web addresses, e-mail addresses
    and @names. Names are known in scripts with capital letters only; a word that the text also writes small is no name,
    nor is what greets, signs, shouts or heads.
    A fact may stand anywhere in the other text. A text of more than 50,000 characters is `unknown`. Time is linear in
    the texts' length.

    Made for languages such as English, that capitalise names only and do not inflect them: it takes every German noun
    for a name, and the cases of a Russian name for different ones.
    """

    of: str = "response"
    source: str = "text"
    least: float = Field(default=1.0, ge=0, le=1)
    """The share of the source's facts that must be there; 0 for a summary, which may leave out any."""
    adds: bool = False
    """Whether it may bring in facts of its own."""
    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; others are `unknown`, for nobody checks them."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.source, *self.only})

    def verify(self, row: Row) -> Outcome:
        if not concerns(self.only, row):
            return Outcome(verdict="unknown", reason=NOT_CHECKED)
        said, source = ("\n".join(strings(row.get(column))) for column in (self.of, self.source))
        if not said.strip() or not source.strip():
            return Outcome(verdict="unknown", reason="nothing to compare")
        if max(len(said), len(source)) > _LONGEST:
            return Outcome(verdict="unknown", reason=f"more than {_LONGEST:,} characters to compare")
        ours, theirs = _facts(said), _facts(source)
        if not self.adds and (added := _missing(ours, theirs)):
            return Outcome(verdict="fail", reason=f"adds {_listed(added)}")
        wanted = theirs.total()
        lost = _missing(theirs, ours)
        if wanted and len(lost) > (1 - self.least) * wanted + 1e-9:
            return Outcome(verdict="fail", reason=f"loses {_listed(lost)}")
        return Outcome(verdict="pass", reason=f"{wanted - len(lost)} of {wanted} facts kept")


def _facts(text: str) -> _Facts:
    addresses: dict[str, str] = {}
    if "@" in text or "www." in text or "://" in text:
        addresses = {found.rstrip(".,;:!?").casefold(): found for found in _ADDRESS.findall(text)}
        text = _ADDRESS.sub(" ", text)
    if "\n" in text or not text[:1].isalpha():
        text = _ITEM.sub("", text)
    if "-" in text:
        text = _DATE.sub(lambda date: f"{date[3]} {_MONTHS[int(date[2]) - 1].title()} {date[1]}", text)
    if "." in text:
        text = _POINT.sub("0.", text)
    if "inus " in text or "egative " in text or "INUS " in text or "EGATIVE " in text:
        text = _MINUS.sub("-", text)
    above, below = text, []
    if "-" in text or "−" in text:
        below = _BELOW_ZERO.findall(text)
        above = _BELOW_ZERO.sub(" ", text) if below else text
    numbers = {_plain(found): found for found in _NUMBER.findall(above)}
    numbers |= {f"-{_plain(found)}": f"-{found}" for found in below}
    return _Facts(addresses, numbers, _names(text), text)


def _missing(facts: _Facts, other: _Facts) -> list[str]:
    """The facts that the other text does not hold, as their own text writes them."""
    lost = [written for plain, written in facts.addresses.items() if plain not in other.addresses]
    numbers = [(plain, written) for plain, written in facts.numbers.items() if plain not in other.numbers]
    names = [(plain, written) for plain, written in facts.names.items() if plain not in other.names]
    if numbers or names:
        words = _words(other.text.casefold())
        spelt, there = set(_spelt_out(words)) if numbers else set(), set(words)
        if any(plain in _IN_FULL for plain, _ in names):
            there = {_SHORT.get(word, word) for word in there}
        lost += [written for plain, written in numbers if plain not in spelt]
        lost += [written for plain, written in names if not _stands(plain, there)]
    return lost


def _stands(name: str, words: set[str]) -> bool:
    """Whether every part of a name is among the words; a plural or possessive `s` does not count."""
    return all(part in words or part.removesuffix("s") in words or f"{part}s" in words for part in _WORD.findall(name))


def _names(text: str) -> dict[str, str]:
    """Words that are capitalised where a sentence goes on, and nowhere written small."""
    found = {plain: word for word in _CAPITALISED.findall(text) if (plain := _bare(word)) not in _NO_NAMES}
    if not found:
        return found
    if any(plain in text for plain in found):  # a name is there as it is written, never all small
        small = set(_words(text))
        found = {plain: word for plain, word in found.items() if plain not in small}
    for line in text.splitlines() if len(found) > 1 else ():
        if _is_shouted_or_titled(line):
            for word in _CAPITALISED.findall(line):
                found.pop(_bare(word), None)
    return found


def _is_shouted_or_titled(line: str) -> bool:
    line = line.strip()
    if line.isupper():
        return line.count(" ") > 1
    if line[-1:] in ".,;!?" or len(line) > 100:
        return False
    words = _WORD.findall(line)
    return len(words) > 3 and 5 * sum(word[0].isupper() for word in words) > 3 * len(words)


@lru_cache(maxsize=1 << 16)
def _lower_case(word: str) -> str:
    word = word.casefold().replace("’", "'").removesuffix("'s").rstrip("'")
    return _SHORT.get(word, word)


def _bare(word: str) -> str:
    """A word as it is compared: in small letters, without a possessive, months and weekdays in full."""
    return _lower_case(word) if len(word) < 20 else word.casefold()


def _words(text: str) -> list[str]:
    """Runs of letters."""
    return text.translate(_NO_LETTERS).split() if text.isascii() else _WORD.findall(text)  # four times as quick


def _plain(number: str) -> str:
    """`1,200.50` -> `1200.5`; `09:00` -> `9`; `007` -> `7`."""
    if number.isdigit():
        return number.lstrip("0") or "0"
    return _of_parts(number) if len(number) > 20 else _cached(number)


def _of_parts(number: str) -> str:
    parts = [part.lstrip("0") or "0" for part in number.replace(",", "").split(":")]
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    if len(parts) == 1 and parts[0].count(".") == 1:
        parts[0] = parts[0].rstrip("0").rstrip(".") or "0"
    return ":".join("0" + part if part.startswith(".") else part for part in parts)


_cached = lru_cache(maxsize=1 << 14)(_of_parts)


def _spelt_out(words: list[str]) -> Iterator[str]:
    """Numbers that a text writes in words, and the words of each; ordinals up to tenth, `minus` and `negative`."""
    sign, total, part = "", 0, 0  # `part` is what stands behind the last thousand or million
    for word in words:
        number, scale = int(_SPELT.get(word, 0)), _SCALES.get(word, 0)
        if number:
            fits = part % 100 == 0 or (number < 10 and part % 100 >= 20 and part % 10 == 0)
            if part and not fits:
                sign, total, part = "", 0, 0
            part += number
            yield f"{sign}{number}"
        elif word == "hundred" and part < 100:
            part = (part or 1) * 100
        elif scale and part < 1000:
            total, part = total + (part or 1) * scale, 0
        elif word != "and" or (not total and part < 100):
            sign, total, part = "-" if word in ("minus", "negative") else "", 0, 0
            continue
        yield f"{sign}{total + part}"


def _listed(facts: list[str]) -> str:
    more = f" and {len(facts) - 5} more" if len(facts) > 5 else ""
    return ", ".join(f"`{shown(fact, 40)}`" for fact in facts[:5]) + more
