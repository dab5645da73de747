"""How an answer is worded, beyond IFEval: without the first person, without contractions, without digits."""

import re

from smoltalk.constraints.constraint import Constraint, Unwanted, when
from smoltalk.contracts import Outcome

_FIRST_PERSON = re.compile(
    r"(?<!\w)(?<!\b\w\.)(?:I(?![\w./]|-\d)|(?<=[a-z] )I(?=\.(?!\w))"
    r"|(?i:me|my|mine|myself|we|us|our|ours|ourselves)(?!\w))"
)
"""`U.S.I` and `I/O` are no person; `I.` is one behind a small letter (`so do I.`, but `World War I.`)."""
_DIGIT = re.compile(r"\d")
_COUNTRY = re.compile(r"\bUS\b")
_CONTRACTION = re.compile(
    r"\b(?:\w+n['’]t|(?:i|you|he|she|it|we|they|that|there|what|who|how|where|here|let)['’](?:s|m|re|ve|ll|d)"
    r"|\w+['’](?:re|ve|ll))\b",
    re.I,
)


class NoFirstPerson(Unwanted):
    """No English word of the first person (`I`, `my`, `we`, `our`, ...); `US` in capital letters is a country."""

    id = "style:no_first_person"
    wordings = (
        "Do not use the first person (I, me, my, we, our).",
        "Write without ever saying I, me, my, we, us or our.",
    )

    def check(self, text: str) -> Outcome:
        found = _FIRST_PERSON.search(_COUNTRY.sub("", text) if "US" in text else text)
        return when(found is None, f'the answer must not use the first person, and says "{found[0] if found else ""}"')


class NoContractions(Unwanted):
    """No English contraction (`don't`, `it's`, `we'll`); a possessive such as `Anna's` is none."""

    id = "style:no_contractions"
    wordings = (
        "Do not use contractions: write do not, not don't.",
        "Write every word out; contractions such as it's or can't are not allowed.",
    )

    def check(self, text: str) -> Outcome:
        found = _CONTRACTION.search(text) if "'" in text or "’" in text else None
        return when(found is None, f'there must be no contractions, and there is "{found[0][:40] if found else ""}"')


class NoDigits(Constraint):
    """No digit of any script: numbers are written out."""

    id = "style:no_digits"
    wordings = (
        "Write all numbers out as words; do not use digits.",
        "There must be no digits in your answer.",
    )

    def check(self, text: str) -> Outcome:
        found = _DIGIT.search(text)
        return when(found is None, f'there must be no digits, and there is "{found[0] if found else ""}"')

    def refuses(self, text: str) -> bool:
        return _DIGIT.search(text) is not None


CONSTRAINTS = (
    NoFirstPerson,
    NoContractions,
    NoDigits,
)
