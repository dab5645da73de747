"""How an answer begins and ends, beyond IFEval: its first words, a closing question, a labelled last line."""

from random import Random
from typing import Self

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import Constraint, Phrase, when
from smoltalk.contracts import Outcome

_CLOSING = "\"'”’»›」』)]）*_ \t\r\n\v\f"
"""What may stand behind the mark that ends a sentence."""


class FirstWords(Constraint):
    """The answer begins with these words, in any case, and no letter or digit follows them at once."""

    id = "edges:first_words"
    wordings = (
        'Begin your answer with the words "{first_words}".',
        'The very first words of your answer must be "{first_words}".',
    )
    any_case = True

    first_words: Phrase

    def check(self, text: str) -> Outcome:
        text = text.lstrip().lower()
        rest = text[len(self.first_words) :]
        kept = text.startswith(self.first_words.lower()) and not rest[:1].isalnum()
        return when(kept, f'the answer must begin with "{self.first_words}"')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(first_words=rng.choice(pool.OPENINGS))

    def needs(self) -> tuple[str, ...]:
        return (self.first_words,)


class FinalQuestion(Constraint):
    """The answer ends with a question mark; quotes, brackets and Markdown emphasis may close behind it."""

    id = "edges:final_question"
    wordings = (
        "End with a question.",
        "The last sentence of your answer must be a question.",
    )

    def check(self, text: str) -> Outcome:
        return when(text.rstrip(_CLOSING).endswith(("?", "？", "؟")), "the answer must end with a question mark")

    def needs(self) -> tuple[str, ...]:
        return ("?",)


class LastLineLabel(Constraint):
    """The last line begins with the label and a colon, in any case, something stands behind it, and there is a line
    above it."""

    id = "edges:last_line_label"
    wordings = (
        'Close with a line of its own that begins with "{label}:".',
        'The last line of your answer must begin with the label "{label}:".',
    )
    any_case = True

    label: Phrase

    def check(self, text: str) -> Outcome:
        above, _, last = text.rstrip().rpartition("\n")
        last = last.lstrip(" \t*_")
        name, colon, rest = last.partition(":")
        kept = (
            bool(colon and rest.strip(" \t*_") and above.strip()) and name.strip(" \t*_").lower() == self.label.lower()
        )
        return when(kept, f'the last line must stand alone and begin with "{self.label}:", with words behind it')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(label=rng.choice(pool.LABELS))

    def needs(self) -> tuple[str, ...]:
        return (f"{self.label}:",)


CONSTRAINTS = (FirstWords, FinalQuestion, LastLineLabel)
