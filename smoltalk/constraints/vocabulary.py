"""Which words and marks IFEval does not ask about: in order, in every paragraph, so many times, or not at all."""

import re
from random import Random
from typing import Annotated, Literal, Self

from pydantic import Field

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
    failed,
    joined,
    when,
    whole_word,
)
from smoltalk.contracts import Outcome

_WORD = re.compile(r"\w+")
_FIRST_PERSON = re.compile(r"(?<![\w.])(?:I(?![\w./]|-\d)|(?i:me|my|mine|myself|we|us|our|ours|ourselves)(?!\w))")
_COUNTRY = re.compile(r"\bUS\b")
_CONTRACTION = re.compile(
    r"\b(?:\w+n['’]t|(?:i|you|he|she|it|we|they|that|there|what|who|how|where|here|let)['’](?:s|m|re|ve|ll|d)"
    r"|\w+['’](?:re|ve|ll))\b",
    re.I,
)
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
            found = whole_word(word).search(text, at)
            if found is None:
                return failed(f'the words {joined(self.keywords)} must appear in this order, and "{word}" is missing')
            at = found.end()
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
        found = len(whole_word(self.keyword).findall(text))
        noun = f'mention of "{self.keyword}"'
        return counted(found, "exactly", self.count, noun, noun.replace("mention", "mentions", 1))

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keyword=rng.choice(pool.KEYWORDS), count=rng.randint(2, 4))

    def needs(self) -> tuple[str, ...]:
        return (self.keyword,)

    def refuses(self, text: str) -> bool:
        return len(whole_word(self.keyword).findall(text)) > self.count


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
        pattern = whole_word(self.keyword)
        parts = [part for part in text.split("\n\n") if part.strip()]
        without = [at for at, part in enumerate(parts, 1) if not pattern.search(part)]
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
        word = next((word for word in _WORD.findall(text) if letter in word.lower()), "")
        return when(not word, f'the letter "{letter}" must not be used, and "{word[:40]}" has it')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(letter=rng.choice(pool.RARE_LETTERS))

    def refuses(self, text: str) -> bool:
        return self.letter.lower() in text.lower()


class NoFirstPerson(Constraint):
    """No English word of the first person (`I`, `my`, `we`, `our`, ...); `US` in capital letters is a country."""

    id = "style:no_first_person"
    wordings = (
        "Do not use the first person (I, me, my, we, our).",
        "Write without ever saying I, me, my, we, us or our.",
    )

    def check(self, text: str) -> Outcome:
        found = _FIRST_PERSON.search(_COUNTRY.sub("", text) if "US" in text else text)
        return when(found is None, f'the answer must not use the first person, and says "{found[0] if found else ""}"')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls()

    def refuses(self, text: str) -> bool:
        return self.check(text).verdict == "fail"


class NoContractions(Constraint):
    """No English contraction (`don't`, `it's`, `we'll`); a possessive such as `Anna's` is none."""

    id = "style:no_contractions"
    wordings = (
        "Do not use contractions: write do not, not don't.",
        "Write every word out; contractions such as it's or can't are not allowed.",
    )

    def check(self, text: str) -> Outcome:
        found = _CONTRACTION.search(text) if "'" in text or "’" in text else None
        return when(found is None, f'there must be no contractions, and there is "{found[0][:40] if found else ""}"')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls()

    def refuses(self, text: str) -> bool:
        return self.check(text).verdict == "fail"


class NoDigits(Constraint):
    """No digit of any script: numbers are written out."""

    id = "style:no_digits"
    wordings = (
        "Write all numbers out as words; do not use digits.",
        "There must be no digits in your answer.",
    )

    def check(self, text: str) -> Outcome:
        found = next((c for c in text if c.isdigit()), "")
        return when(not found, f'there must be no digits, and there is "{found}"')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls()

    def refuses(self, text: str) -> bool:
        return any(map(str.isdigit, text))


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
    NoFirstPerson,
    NoContractions,
    NoDigits,
    ForbiddenMarks,
    Exclamations,
)
