"""IFEval's family `language`: the language of a whole answer."""

from random import Random
from typing import Any, Self

from pydantic import field_validator

from smoltalk.constraints.constraint import PASS, Constraint, failed
from smoltalk.constraints.language_id import LANGUAGES, SPACED, identify
from smoltalk.contracts import Outcome


class ResponseLanguage(Constraint):
    """The answer is in the language of this ISO 639-1 code.

    Differs from the reference, which asks langdetect without a seed and counts a text it cannot judge as kept: here the
    same text gets the same verdict, and one with too little language in it (`12345`, code, a few words) is `unknown`.
    `zh-cn` and `zh-tw`, which langdetect tells apart, are both `zh`.
    """

    id = "language:response_language"
    wordings = (
        "Answer in {language} only.",
        "Write your whole answer in {language}; no other language is allowed.",
        "Your reply has to be in {language} from the first word to the last.",
    )

    language: str

    @field_validator("language")
    @classmethod
    def _is_known(cls, code: str) -> str:
        if code not in LANGUAGES:
            raise ValueError(f"no language `{code}` (an ISO 639-1 code such as `de`); there are {', '.join(LANGUAGES)}")
        return code

    def check(self, text: str) -> Outcome:
        found = identify(text)
        if found == self.language:
            return PASS
        wanted = LANGUAGES[self.language]
        if not found:
            return Outcome(verdict="unknown", reason=f"it cannot be told whether the answer is in {wanted}")
        return failed(f"the answer is in {LANGUAGES[found]}, but must be in {wanted}")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(language=rng.choice(SPACED))

    def said(self) -> dict[str, Any]:
        return {"language": LANGUAGES[self.language]}


CONSTRAINTS = (ResponseLanguage,)
