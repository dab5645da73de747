"""IFEval's family `keywords`: words that must, may seldom or must not be there, and letters that are counted."""

from math import inf
from random import Random
from typing import Self

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import (
    RELATIONS,
    Constraint,
    Count,
    Letter,
    Phrase,
    Phrases,
    Relation,
    counted,
    joined,
    mentions,
    when,
)
from smoltalk.contracts import Outcome


class Existence(Constraint):
    """Each keyword is there, in any case, also inside a longer word: `cat` in `concatenate`, as in the reference.

    Differs from the reference: it takes a keyword for a regular expression, so that `a.c` is found in `abc`; here a
    keyword is itself. The reference makes keywords up where none are given; here that is an error.
    """

    id = "keywords:existence"
    wordings = (
        "Use the following words in your answer: {keywords}.",
        "Make sure that {keywords} can be found in what you write.",
        "Your answer has to contain {keywords}.",
    )
    any_case = True

    keywords: Phrases

    def check(self, text: str) -> Outcome:
        lower = text.lower()
        missing = [word for word in self.keywords if word.lower() not in lower]
        return when(not missing, f"the answer must contain {joined(missing)}" if missing else "")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keywords=pool.words(rng, 3, least=2))

    def needs(self) -> tuple[str, ...]:
        return tuple(self.keywords)


class Frequency(Constraint):
    """A keyword is there less often than, or at least, so many times; counted as `keywords:existence` finds it.

    Differs from the reference: the keyword is itself, no regular expression; a frequency below 1 is an error, where
    the reference draws another at random.
    """

    id = "keywords:frequency"
    wordings = (
        'The word "{keyword}" should come up {relation} {frequency} times.',
        'Write "{keyword}" {relation} {frequency} times in your answer.',
        'In what you write, use "{keyword}" {relation} {frequency} times.',
    )
    any_case = True

    keyword: Phrase
    frequency: Count
    relation: Relation

    def check(self, text: str) -> Outcome:
        found = text.lower().count(self.keyword.lower())
        return counted(found, self.relation, self.frequency, f'mention of "{self.keyword}"', self._mentions)

    @property
    def _mentions(self) -> str:
        return f'mentions of "{self.keyword}"'

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keyword=rng.choice(pool.KEYWORDS), frequency=rng.randint(2, 4), relation=rng.choice(RELATIONS))

    def needs(self) -> tuple[str, ...]:
        return (self.keyword,) if self.relation == "at least" else ()

    def refuses(self, text: str) -> bool:
        return self.relation == "less than" and text.lower().count(self.keyword.lower()) >= self.frequency

    def size(self) -> tuple[float, float]:
        return (10 * self.frequency, inf) if self.relation == "at least" else (0, inf)


class ForbiddenWords(Constraint):
    """None of the words is there as a whole word, in any case: `concatenate` may stay where `cat` is forbidden.

    Differs from the reference: a word is itself, no regular expression; and a word that ends in a mark, such as
    `C++`, is found as well, where the reference's word boundary never is.
    """

    id = "keywords:forbidden_words"
    wordings = (
        "Do not use any of these words: {forbidden_words}.",
        "Answer without the words {forbidden_words}.",
        "Keep {forbidden_words} out of your answer.",
    )

    forbidden_words: Phrases

    def check(self, text: str) -> Outcome:
        there = [word for word in self.forbidden_words if mentions(word, text)]
        return when(not there, f"the answer must not use {joined(there)}" if there else "")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(forbidden_words=pool.words(rng, 4, pool.AVOIDABLE, least=2))

    def refuses(self, text: str) -> bool:
        return any(mentions(word, text) for word in self.forbidden_words)


class LetterFrequency(Constraint):
    """A letter from a to z is there less often than, or at least, so many times; upper and lower case are one letter.

    Differs from the reference: what is no letter from a to z is an error, where the reference counts another letter,
    drawn at random; the same for a frequency below 1.
    """

    id = "keywords:letter_frequency"
    wordings = (
        "The letter {letter} should appear {let_relation} {let_frequency} times.",
        "Choose your words so that the letter {letter} occurs {let_relation} {let_frequency} times.",
        "Use the letter {letter} {let_relation} {let_frequency} times in the whole answer.",
    )
    any_case = True

    letter: Letter
    let_frequency: Count
    let_relation: Relation

    def check(self, text: str) -> Outcome:
        letter = self.letter.lower()
        found = text.lower().count(letter)
        noun = f'letter "{letter}"'
        return counted(found, self.let_relation, self.let_frequency, noun, f'letters "{letter}"')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        relation = rng.choice(RELATIONS)
        letters, most = ("bcdfghlmnprstuwy", 10) if relation == "at least" else (pool.RARE_LETTERS, 6)
        return cls(letter=rng.choice(letters), let_frequency=rng.randint(2, most), let_relation=relation)

    def needs(self) -> tuple[str, ...]:
        return (self.letter,) if self.let_relation == "at least" else ()

    def refuses(self, text: str) -> bool:
        return self.let_relation == "less than" and text.lower().count(self.letter.lower()) >= self.let_frequency

    def size(self) -> tuple[float, float]:
        return (10 * self.let_frequency, inf) if self.let_relation == "at least" else (0, 60 * self.let_frequency)


CONSTRAINTS = (Existence, Frequency, ForbiddenWords, LetterFrequency)
