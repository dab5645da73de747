"""Which words and marks IFEval does not ask about: in order, in every paragraph, so many times, or not at all."""

import re
from random import Random
from typing import Annotated, Literal, Self

from pydantic import Field

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import (
    PASS,
    RELATIONS,
    Constraint,
    Count,
    Letter,
    Phrase,
    Phrases,
    Relation,
    counted,
    failed,
    joined,
    mentions,
    when,
)
from smoltalk.constraints.paragraphs import paragraphs
from smoltalk.contracts import Outcome

_WORD = re.compile(r"\w+")
Mark = Literal["!", "?", ";", ":", "-", "–", "—", "(", ")", '"', "'", "...", "…", "/", "*"]


class WordsInOrder(Constraint):
    """The keywords are there as whole words, in any case, each first found behind the one before it."""

    id = "words:in_order"
    wordings = (
        "Use these words in this order: {keywords}.",
        "The words {keywords} must appear in your answer, one after the other in this order.",
    )
    any_case = True

    keywords: Annotated[Phrases, Field(min_length=2)]

    def check(self, text: str) -> Outcome:
        at = 0
        for word in self.keywords:
            found = next((match.end() for match in mentions(word, text) if match.start() >= at), None)
            if found is None:
                return failed(f'the words {joined(self.keywords)} must appear in this order, and "{word}" is missing')
            at = found
        return when(True, "")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keywords=pool.words(rng, 4, least=2))

    def needs(self) -> tuple[str, ...]:
        return tuple(self.keywords)


class ExactCount(Constraint):
    """A keyword is there exactly so many times as a whole word, in any case."""

    id = "words:exact_count"
    wordings = (
        'Use the word "{keyword}" exactly {count} times, no more and no less.',
        'The word "{keyword}" has to appear exactly {count} times.',
    )
    any_case = True

    keyword: Phrase
    count: Count

    def check(self, text: str) -> Outcome:
        found = len(mentions(self.keyword, text))
        noun = f'mention of "{self.keyword}"'
        return counted(found, "exactly", self.count, noun, noun.replace("mention", "mentions", 1))

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keyword=rng.choice(pool.KEYWORDS), count=rng.randint(2, 4))

    def needs(self) -> tuple[str, ...]:
        return (self.keyword,)

    def refuses(self, text: str) -> bool:
        return len(mentions(self.keyword, text)) > self.count


class EveryParagraph(Constraint):
    """A keyword is there as a whole word, in any case, in every paragraph, parted by blank lines."""

    id = "words:every_paragraph"
    wordings = (
        'Every paragraph must contain the word "{keyword}".',
        'Use the word "{keyword}" at least once in each paragraph.',
    )
    any_case = True

    keyword: Phrase

    def check(self, text: str) -> Outcome:
        parts = paragraphs(text)
        without = [at for at, part in enumerate(parts, 1) if not mentions(self.keyword, part)]
        if not parts:
            return failed("the answer is empty")
        return when(not without, f'paragraph {without[0] if without else ""} does not contain "{self.keyword}"')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keyword=rng.choice(pool.KEYWORDS))

    def needs(self) -> tuple[str, ...]:
        return (self.keyword,)


class ForbiddenLetter(Constraint):
    """A letter from a to z is nowhere in the answer, in either case."""

    id = "words:forbidden_letter"
    wordings = (
        "Do not use the letter {letter} anywhere.",
        "Choose your words so that the letter {letter} never appears.",
    )

    letter: Letter

    def check(self, text: str) -> Outcome:
        letter = self.letter.lower()
        if not self.refuses(text):
            return PASS
        word = next(word for word in _WORD.findall(text.lower()) if letter in word)
        return failed(f'the letter "{letter}" must not be used, and "{word[:40]}" has it')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(letter=rng.choice(pool.RARE_LETTERS))

    def refuses(self, text: str) -> bool:
        return self.letter.lower() in text.lower()


class ForbiddenMarks(Constraint):
    """None of the marks is there."""

    id = "marks:forbidden"
    wordings = (
        "Do not use any of these marks: {marks}.",
        "Leave out the marks {marks} altogether.",
    )

    marks: Annotated[list[Mark], Field(min_length=1)]

    def check(self, text: str) -> Outcome:
        there = [mark for mark in self.marks if mark in text]
        return when(not there, f"the answer must not use {joined(there)}" if there else "")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(marks=rng.sample(["!", "?", ";", ":", "("], rng.randint(1, 2)))

    def refuses(self, text: str) -> bool:
        return any(mark in text for mark in self.marks)


class Exclamations(Constraint):
    """Fewer than, or at least, so many exclamation marks."""

    id = "marks:exclamations"
    wordings = (
        "Use {relation} {num_marks} exclamation marks.",
        "Your answer should have {relation} {num_marks} exclamation marks.",
    )

    num_marks: Count
    relation: Relation

    def check(self, text: str) -> Outcome:
        return counted(text.count("!"), self.relation, self.num_marks, "exclamation mark")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_marks=rng.randint(2, 4), relation=rng.choice(RELATIONS))

    def needs(self) -> tuple[str, ...]:
        return ("!",) if self.relation == "at least" else ()


CONSTRAINTS = (
    WordsInOrder,
    ExactCount,
    EveryParagraph,
    ForbiddenLetter,
    ForbiddenMarks,
    Exclamations,
)
