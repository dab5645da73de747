"""Lengths that IFEval does not count: characters, lines, and how long single sentences, paragraphs and words are."""

import re
from math import inf
from random import Random
from typing import Self

from smoltalk.constraints.constraint import RELATIONS, Constraint, Count, Relation, Unwanted, counted, when
from smoltalk.constraints.paragraphs import paragraphs
from smoltalk.constraints.sentences import sentences
from smoltalk.constraints.word_counts import longest_letters, runs
from smoltalk.contracts import Outcome

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


def _words(text: str, most: int) -> int:
    """How many words a text has; exact only where it may have more than `most`."""
    found = runs(text)
    return found if found <= most else len(_WORD.findall(text))


class NumberCharacters(Constraint):
    """Fewer than, or at least, so many characters; white space at the edges does not count."""

    id = "length:number_characters"
    wordings = (
        "Use {relation} {num_characters} characters, spaces included.",
        "Your answer must be {relation} {num_characters} characters long.",
    )

    num_characters: Count
    relation: Relation

    def check(self, text: str) -> Outcome:
        return counted(len(text.strip()), self.relation, self.num_characters, "character")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_characters=50 * rng.randint(4, 20), relation=rng.choice(RELATIONS))

    def size(self) -> tuple[float, float]:
        return (self.num_characters / 7, inf) if self.relation == "at least" else (0, self.num_characters / 5)


class NumberLines(Constraint):
    """Exactly so many lines; empty ones do not count."""

    id = "length:number_lines"
    wordings = (
        "Write exactly {num_lines} lines.",
        "Your answer must have exactly {num_lines} lines, not counting empty ones.",
    )

    num_lines: Count

    def check(self, text: str) -> Outcome:
        found = sum(bool(line.strip()) for line in text.split("\n"))
        return counted(found, "exactly", self.num_lines, "line")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_lines=rng.randint(2, 8))

    def size(self) -> tuple[float, float]:
        return 3 * self.num_lines, inf


class SentenceWords(Constraint):
    """No sentence has more words than this; `don't` and `well-known` are one word each."""

    id = "length:sentence_words"
    wordings = (
        "No sentence may be longer than {max_words} words.",
        "Keep every sentence to {max_words} words or fewer.",
    )

    max_words: Count

    def check(self, text: str) -> Outcome:
        longest = max(((_words(one, self.max_words), one) for one in sentences(text)), default=(0, ""))
        reason = (
            f'the sentence "{longest[1][:80]}" has {longest[0]} words, but none may have more than {self.max_words}'
        )
        return when(longest[0] <= self.max_words, reason)

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(max_words=rng.randint(8, 18))


class ParagraphWords(Constraint):
    """No paragraph, parted by blank lines, has more words than this."""

    id = "length:paragraph_words"
    wordings = (
        "No paragraph may have more than {max_words} words.",
        "Keep each paragraph to at most {max_words} words, with a blank line between paragraphs.",
    )

    max_words: Count

    def check(self, text: str) -> Outcome:
        longest = max((_words(part, self.max_words) for part in paragraphs(text)), default=0)
        return when(
            longest <= self.max_words, f"a paragraph has {longest} words, but none may have more than {self.max_words}"
        )

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(max_words=10 * rng.randint(3, 8))


class BlankLineParagraphs(Constraint):
    """Exactly so many paragraphs, parted by blank lines."""

    id = "length:blank_line_paragraphs"
    wordings = (
        "Write exactly {num_paragraphs} paragraphs with a blank line between them.",
        "Your answer must have exactly {num_paragraphs} paragraphs, parted by blank lines.",
    )

    num_paragraphs: Count

    def check(self, text: str) -> Outcome:
        return counted(len(paragraphs(text)), "exactly", self.num_paragraphs, "paragraph")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_paragraphs=rng.randint(2, 5))

    def size(self) -> tuple[float, float]:
        return 8 * self.num_paragraphs, inf


class WordLetters(Unwanted):
    """No run of letters is longer than this; `well-known` is judged as two words."""

    id = "length:word_letters"
    wordings = (
        "Use no word with more than {max_letters} letters.",
        "Every word must have {max_letters} letters or fewer.",
    )

    max_letters: Count

    def check(self, text: str) -> Outcome:
        longest = longest_letters(text)
        reason = f'the word "{longest[:40]}" has {len(longest)} letters, but none may have more than {self.max_letters}'
        return when(len(longest) <= self.max_letters, reason)

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(max_letters=rng.randint(8, 12))


CONSTRAINTS = (NumberCharacters, NumberLines, SentenceWords, ParagraphWords, BlankLineParagraphs, WordLetters)
