"""What a constraint is: kwargs that are checked, sentences that ask for it, code that says whether a text keeps it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import inf
from random import Random
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from smoltalk.contracts import Outcome

Relation = Literal["less than", "at least"]
"""IFEval's two comparisons: below the number, or the number and above."""
Count = Annotated[int, Field(ge=1, le=100_000)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Phrases = Annotated[list[Phrase], Field(min_length=1, max_length=100)]
Letter = Annotated[str, Field(pattern="^[a-zA-Z]$", examples=["e"])]

PASS = Outcome(verdict="pass")
RELATIONS: tuple[Relation, Relation] = ("less than", "at least")

_PLAIN_RELATION = {"less than": "fewer than", "at least": "at least"}


class Constraint(BaseModel, ABC):
    """One thing asked of an answer that code can check. Its fields are the kwargs, taken strictly: none has a default.

    A text is judged by nothing but itself and the kwargs, and always alike.
    """

    # A pipeline names a few of fifty: the validator of each is built when it is first used.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    id: ClassVar[str]
    """`family:name`; the 25 of IFEval keep theirs."""
    wordings: ClassVar[tuple[str, ...]]
    """Sentences that ask for it; `{kwarg}` stands for what `said` gives."""

    @abstractmethod
    def check(self, text: str) -> Outcome:
        """Pass, fail or unknown; the reason of a failure says what was found and what is asked."""

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        """Kwargs of a sensible size, for an instruction that is to carry the constraint; without kwargs, itself."""
        return cls()

    def state(self, rng: Random) -> str:
        """A sentence or two that ask for it."""
        return rng.choice(self.wordings).format(**self.said())

    def said(self) -> dict[str, Any]:
        """The kwargs as a sentence shows them."""
        return {name: _said(value) for name, value in self}

    def kwargs(self) -> dict[str, Any]:
        """The kwargs as they are written down: JSON values."""
        return self.model_dump(mode="json")

    def needs(self) -> tuple[str, ...]:
        """Texts that an answer cannot do without, in the case they need; see `any_case`."""
        return ()

    any_case: ClassVar[bool] = False
    """Whether `needs` may be written in upper or lower case alike."""

    def refuses(self, text: str) -> bool:
        """Whether an answer that holds this text somewhere is bound to fail."""
        return False

    def size(self) -> tuple[float, float]:
        """Least and most words that an answer which keeps it can sensibly have."""
        return 0, inf


class Unwanted(Constraint):
    """A constraint that is broken by what stands anywhere in an answer, whatever stands around it."""

    def refuses(self, text: str) -> bool:
        return self.check(text).verdict == "fail"


def failed(reason: str) -> Outcome:
    """The verdict on a text that does not keep the constraint."""
    return Outcome(verdict="fail", reason=reason)


def when(kept: bool, reason: str) -> Outcome:
    """Pass, or fail with the reason."""
    return PASS if kept else failed(reason)


def counted(found: int, relation: Relation | Literal["exactly"], wanted: int, noun: str, plural: str = "") -> Outcome:
    """Compares a count; `noun` is what was counted, one of it."""
    kept = found == wanted if relation == "exactly" else found >= wanted if relation == "at least" else found < wanted
    if kept:
        return PASS
    plural = plural or noun + "s"
    asked = f"{_PLAIN_RELATION.get(relation, relation)} {wanted:,} {noun if wanted == 1 else plural}"
    has = f"{found:,} {noun if found == 1 else plural}" if found else f"no {plural}"
    return failed(f"the answer has {has}, but must have {asked}")


def joined(texts: Sequence[str]) -> str:
    """Texts in quotes, as a sentence lists them."""
    quoted = [f'"{text}"' for text in texts]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def mentions(word: str, text: str) -> list[re.Match[str]]:
    """Where the word is in the text, in any case, and not part of a longer one.

    Its edges need no word characters: `C++` is found in `C++ code`, where a pattern with word boundaries sees nothing.
    """
    if word.isascii() and text.isascii() and word.lower() not in text.lower():
        return []  # ten times as quick as the pattern
    return list(re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.I))


def _said(value: object) -> object:
    if isinstance(value, list):
        return joined(value)
    return _PLAIN_RELATION.get(value, value) if isinstance(value, str) else value
