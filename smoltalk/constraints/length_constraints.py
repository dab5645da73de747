"""IFEval's family `length_constraints`: sentences, words and paragraphs that are counted."""

import re
from math import inf
from random import Random
from typing import Self

from pydantic import model_validator

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import (
    RELATIONS,
    Constraint,
    Count,
    Phrase,
    Relation,
    counted,
    failed,
    when,
)
from smoltalk.constraints.sentences import sentences
from smoltalk.constraints.word_counts import runs
from smoltalk.contracts import Outcome

_AFTER_WORD = re.compile(r"""[.,?!'"]""")


class NumberSentences(Constraint):
    """Fewer than, or at least, so many sentences, as `smoltalk.constraints.sentences` parts them.

    Differs from the reference, whose sentences are those of NLTK's Punkt model, in what that module's first lines say.
    """

    id = "length_constraints:number_sentences"
    wordings = (
        "Write {relation} {num_sentences} sentences.",
        "Your answer should consist of {relation} {num_sentences} sentences.",
        "Use {relation} {num_sentences} sentences in all.",
    )

    num_sentences: Count
    relation: Relation

    def check(self, text: str) -> Outcome:
        return counted(len(sentences(text)), self.relation, self.num_sentences, "sentence")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_sentences=rng.randint(3, 15), relation=rng.choice(RELATIONS))

    def size(self) -> tuple[float, float]:
        return (5 * self.num_sentences, inf) if self.relation == "at least" else (0, 25 * (self.num_sentences - 1))


class NumberParagraphs(Constraint):
    """Exactly so many paragraphs, parted by `***`; one before the first divider or after the last may be left empty.

    As in the reference.
    """

    id = "length_constraints:number_paragraphs"
    wordings = (
        "Write {num_paragraphs} paragraphs, and put the divider *** between one and the next.",
        "Your answer should have {num_paragraphs} paragraphs, parted by the Markdown divider ***.",
        "Part your answer into {num_paragraphs} paragraphs with *** between them.",
    )

    num_paragraphs: Count

    def check(self, text: str) -> Outcome:
        parts = [part.strip() for part in text.split("***")]
        if not all(parts[1:-1]):
            return failed("there is nothing between two of the dividers ***, and a paragraph must not be empty")
        found = max(0, len(parts) - (not parts[0]) - (not parts[-1]))  # of an empty text both are the same one
        return counted(found, "exactly", self.num_paragraphs, "paragraph", "paragraphs parted by ***")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_paragraphs=rng.randint(2, 5))

    def needs(self) -> tuple[str, ...]:
        return ("***",) if self.num_paragraphs > 1 else ()

    def size(self) -> tuple[float, float]:
        return 8 * self.num_paragraphs, inf


class NumberWords(Constraint):
    r"""Fewer than, or at least, so many words: runs of `\w`, so that `don't` is two, as in the reference."""

    id = "length_constraints:number_words"
    wordings = (
        "Answer in {relation} {num_words} words.",
        "Your answer should be {relation} {num_words} words long.",
        "Keep to {relation} {num_words} words.",
    )

    num_words: Count
    relation: Relation

    def check(self, text: str) -> Outcome:
        return counted(runs(text), self.relation, self.num_words, "word")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        relation = rng.choice(RELATIONS)
        steps = (5, 30) if relation == "at least" else (4, 40)
        return cls(num_words=10 * rng.randint(*steps), relation=relation)

    def size(self) -> tuple[float, float]:
        return (self.num_words, inf) if self.relation == "at least" else (0, self.num_words - 1)


class NthParagraphFirstWord(Constraint):
    """Exactly so many paragraphs, parted by two line breaks in a row, the nth of which begins with a word.

    A line of spaces parts nothing, nor do the line breaks of CRLF, as in the reference; constraints that are not
    IFEval's know them. Quotes before the word and marks behind it do not count, nor does case, as in the reference.
    It differs where `nth_paragraph` is above `num_paragraphs`: an error here, another paragraph drawn at random
    there. And a text with more than one blank line between paragraphs is counted by paragraphs here, where the
    reference looks for the nth among pieces of which some are empty.
    """

    id = "length_constraints:nth_paragraph_first_word"
    wordings = (
        "Write {num_paragraphs} paragraphs with a blank line between them; begin paragraph {nth_paragraph} with the "
        'word "{first_word}".',
        "Your answer should have {num_paragraphs} paragraphs, parted by blank lines, and the first word of paragraph "
        '{nth_paragraph} must be "{first_word}".',
    )
    any_case = True

    num_paragraphs: Count
    nth_paragraph: Count
    first_word: Phrase

    @model_validator(mode="after")
    def _is_there(self) -> Self:
        if self.nth_paragraph > self.num_paragraphs:
            raise ValueError(f"`nth_paragraph` is {self.nth_paragraph}, and there are {self.num_paragraphs} paragraphs")
        if len(self.first_word.split()) != 1 or _AFTER_WORD.search(self.first_word):
            raise ValueError(f"`first_word` must be one word without marks, not {self.first_word!r}")
        return self

    def check(self, text: str) -> Outcome:
        paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
        if len(paragraphs) != self.num_paragraphs:
            return counted(len(paragraphs), "exactly", self.num_paragraphs, "paragraph", "paragraphs")
        word = paragraphs[self.nth_paragraph - 1].split(maxsplit=1)[0].lstrip("'").lstrip('"')
        first = _AFTER_WORD.split(word, maxsplit=1)[0].lower()
        reason = f'paragraph {self.nth_paragraph} begins with "{first[:40]}", but must begin with "{self.first_word}"'
        return when(first == self.first_word.lower(), reason)

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        paragraphs = rng.randint(2, 5)
        nth, word = rng.randint(1, paragraphs), rng.choice(pool.KEYWORDS)
        return cls(num_paragraphs=paragraphs, nth_paragraph=nth, first_word=word)

    def needs(self) -> tuple[str, ...]:
        return (self.first_word,)

    def size(self) -> tuple[float, float]:
        return 8 * self.num_paragraphs, inf


CONSTRAINTS = (NumberSentences, NumberParagraphs, NumberWords, NthParagraphFirstWord)
