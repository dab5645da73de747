"""IFEval's families `combination`, `startend`, `punctuation` and `change_case`: how an answer as a whole is written."""

import re
from random import Random
from typing import Literal, Self

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import (
    PASS,
    RELATIONS,
    Constraint,
    Count,
    Phrase,
    Relation,
    counted,
    failed,
    when,
)
from smoltalk.constraints.language_id import LANGUAGES, identify
from smoltalk.contracts import Outcome

_TOKEN = re.compile(r"\w+(?:[-.]\w+)*")


class TwoResponses(Constraint):
    """Two answers that differ, parted by `******`, which may also stand at the very beginning and end; as in the
    reference."""

    id = "combination:two_responses"
    wordings = (
        "Give two different answers, parted by six asterisks: ******",
        "Write two answers that differ, with ****** between them and nowhere else.",
    )

    def check(self, text: str) -> Outcome:
        parts = [part.strip() for part in text.split("******")]
        if not all(parts[1:-1]):
            return failed("there is nothing between two of the dividers ******")
        answers = [part for part in parts if part]
        if len(answers) != 2:
            return counted(len(answers), "exactly", 2, "answer", "answers parted by ******")
        return when(answers[0] != answers[1], "the two answers are the same, but must differ")


class RepeatPrompt(Constraint):
    """The answer begins with this text, in any case, as in the reference; an empty one is an error in both."""

    id = "combination:repeat_prompt"
    wordings = (
        "Before you answer, repeat the request above word for word, and write nothing before it. Leave this sentence "
        "out.",
        "Begin by repeating the request exactly as it stands above, without this sentence; then answer it.",
    )

    prompt_to_repeat: Phrase

    def check(self, text: str) -> Outcome:
        kept = text.strip().lower().startswith(self.prompt_to_repeat.strip().lower())
        return when(kept, f"the answer must begin with the request, word for word: {self.prompt_to_repeat[:300]}")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(prompt_to_repeat=instruction)


class EndChecker(Constraint):
    """The answer ends with the phrase, in any case; double quotes around the answer do not count, as in the
    reference."""

    id = "startend:end_checker"
    wordings = (
        'End with exactly these words: "{end_phrase}" Nothing may follow them.',
        'The last words of your answer must be "{end_phrase}"',
        'Close your answer with the phrase "{end_phrase}" and add nothing after it.',
    )
    any_case = True

    end_phrase: Phrase

    def check(self, text: str) -> Outcome:
        kept = text.strip().strip('"').lower().endswith(self.end_phrase.lower())
        return when(kept, f'the answer must end with "{self.end_phrase}", and nothing may follow')

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(end_phrase=rng.choice(pool.ENDINGS))

    def needs(self) -> tuple[str, ...]:
        return (self.end_phrase,)


class Quotation(Constraint):
    """The answer stands between straight double quotes, whatever is inside, as in the reference."""

    id = "startend:quotation"
    wordings = (
        "Put your whole answer in double quotation marks.",
        'The first and the last character of your answer must be a double quote (").',
    )

    def check(self, text: str) -> Outcome:
        text = text.strip()
        return when(
            len(text) > 1 and text[0] == text[-1] == '"', 'the answer must begin and end with a double quote (")'
        )

    def needs(self) -> tuple[str, ...]:
        return ('"',)


class NoComma(Constraint):
    """No comma; the commas of other scripts (`，`, `،`) are none, as in the reference."""

    id = "punctuation:no_comma"
    wordings = (
        "Do not use any commas.",
        "Write your answer without a single comma.",
        "There must be no commas in what you write.",
    )

    def check(self, text: str) -> Outcome:
        found = text.count(",")
        return when(not found, f"the answer has {found:,} comma{'s' * (found > 1)}, but must have none")

    def refuses(self, text: str) -> bool:
        return "," in text


class _OneCase(Constraint):
    """English in one case. A letter of the other case fails, whatever the language is.

    Differs from the reference as `language:response_language` does: a text with too little language in it is
    `unknown`, where the reference counts it as kept.
    """

    def _in(self, text: str, case: Literal["upper", "lower"]) -> Outcome:
        if not (text.isupper() if case == "upper" else text.islower()):
            wrong = next(
                (word for word in text.split() if word != (word.upper() if case == "upper" else word.lower())), ""
            )
            return failed(f"the answer must be all in {case} case" + (f', and "{wrong[:40]}" is not' if wrong else ""))
        found = identify(text)
        if not found:
            return Outcome(verdict="unknown", reason="it cannot be told whether the answer is in English")
        return PASS if found == "en" else failed(f"the answer is in {LANGUAGES[found]}, but must be in English")


class EnglishCapital(_OneCase):
    __doc__ = _OneCase.__doc__

    id = "change_case:english_capital"
    wordings = (
        "Write your whole answer in English and in capital letters only.",
        "Answer in English, in upper case throughout.",
    )

    def check(self, text: str) -> Outcome:
        return self._in(text, "upper")

    def refuses(self, text: str) -> bool:
        return text != text.upper()


class EnglishLowercase(_OneCase):
    __doc__ = _OneCase.__doc__

    id = "change_case:english_lowercase"
    wordings = (
        "Write your whole answer in English and in lower case; no capital letters.",
        "Answer in English without a single capital letter.",
    )

    def check(self, text: str) -> Outcome:
        return self._in(text, "lower")

    def refuses(self, text: str) -> bool:
        return text != text.lower()


class CapitalWordFrequency(Constraint):
    """Fewer than, or at least, so many words in capital letters; `A`, `U.S.`, `WELL-KNOWN` and the `I` of `I'm` are one
    each, `I'M` is two.

    Differs from the reference, which asks NLTK's word tokenizer, for names such as `O'NEIL`: two words here, one there.
    """

    id = "change_case:capital_word_frequency"
    wordings = (
        "Write {capital_relation} {capital_frequency} words in capital letters.",
        "In your answer {capital_relation} {capital_frequency} words should be in all capitals.",
    )

    capital_frequency: Count
    capital_relation: Relation

    def check(self, text: str) -> Outcome:
        found = sum(map(str.isupper, _TOKEN.findall(text)))
        noun = "word in capital letters"
        return counted(found, self.capital_relation, self.capital_frequency, noun, "words in capital letters")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(capital_frequency=rng.randint(2, 8), capital_relation=rng.choice(RELATIONS))


CONSTRAINTS = (
    TwoResponses,
    RepeatPrompt,
    EndChecker,
    Quotation,
    NoComma,
    EnglishCapital,
    EnglishLowercase,
    CapitalWordFrequency,
)
