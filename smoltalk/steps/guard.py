"""Ask a guard model whether a conversation is safe, and which hazards it sees."""

import re
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask
from smoltalk.errors import BadReply, RowFailed
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import Message, Row
from smoltalk.turns import spoken_column, spoken_turns

_AGAIN = 0.7
"""Temperature from the second attempt on: asked greedily, a model says the same again."""


class Guard(AsksOne):
    """Writes `safe`, `unsafe` or `controversial` into `column`, and the hazards that the model names into `hazards`.

    The guard model's own chat template does the prompting, so it judges what it was trained to: the last turn, in the
    light of those before it. System turns are left out, for guard models were trained without them.
    """

    engine_kind: ClassVar[str] = "completes"

    form: Literal["llama_guard", "qwen3_guard", "shield_gemma", "granite_guardian", "wild_guard"]
    """The family of the guard model, which says how it replies. ShieldGemma and Granite Guardian judge by one policy,
    which `chat_template_kwargs` of their engine names."""
    of: str = "conversation"
    """`conversation` for the row's `messages`, or a column that holds a conversation or a text."""
    prompt: str | None = None
    """The column that asks what the answer in `of` answers; without it, a text in `of` is a user's."""
    column: str = "safety"
    hazards: str = "hazards"
    """The column for the list of hazards, in the model's words (`S1`, `Violent`); empty where it names none."""
    max_tokens: int = Field(default=64, gt=0)
    attempts: int = Field(default=3, ge=1)
    """How often a row is asked before it is given up; the first time greedily."""

    def reads(self) -> frozenset[str]:
        return frozenset({spoken_column(self.of)} | ({self.prompt} if self.prompt else set()))

    def writes(self) -> frozenset[str]:
        return frozenset({self.column, self.hazards})

    async def write(self, row: Row, ask: Ask) -> Row:
        form = _FORMS[self.form]
        sampling = Sampling(temperature=0.0, max_tokens=self.max_tokens)
        request = Request(self._turns(row), sampling, regex=form.enforced, choice=form.choice)

        def parse(reply: Reply) -> Row:
            word, hazards = form.read(reply)
            return {self.column: word, self.hazards: hazards}

        try:
            return await ask(self.engine, request, parse, attempts=1)
        except RowFailed as failed:
            if self.attempts == 1 or failed.kind not in (_UNREADABLE, "truncated"):
                raise
        drawn = sampling.model_copy(update={"temperature": _AGAIN})
        return await ask(self.engine, request._replace(sampling=drawn), parse, turn=1, attempts=self.attempts - 1)

    def _turns(self, row: Row) -> list[Message]:
        turns = spoken_turns(row, self.of, self.prompt, "assistant" if self.prompt else "user", to="judge")
        return [turn for turn in turns if turn["role"] != "system"]


# ---------------------------------------------------------------- how guard models reply

_UNREADABLE = "no_verdict"
"""Not `unparseable`: a complaint would be one more turn for the guard model to judge."""
_WORDS = {"yes": "unsafe", "no": "safe"}


class _Form(NamedTuple):
    """How one family of guard models replies."""

    pattern: re.Pattern[str]
    """What a whole reply looks like: `word` is the verdict, `hazards` are parted by commas."""
    enforced: str | None = None
    """The same as a grammar, for servers that can hold a model to it."""
    choice: tuple[str, ...] = ()
    may_go_on: bool = False
    """Whether reasons follow the verdict, which need not be whole."""

    def read(self, reply: Reply) -> tuple[str, list[str]]:
        """Verdict and hazards. Raises `BadReply` for anything that is not in this form."""
        if reply.finish == "length" and not self.may_go_on:
            raise BadReply("truncated", f"cut off after {reply.tokens_out} tokens")
        found = self.pattern.fullmatch(reply.text.strip())
        if found is None:
            raise BadReply(_UNREADABLE, f"not a guard model's reply: {reply.text.strip()[:80]!r}")
        said = found.groupdict()
        if "request" in said:
            return _wild(said)
        word = said["word"].lower()
        hazards = [one.strip() for one in (said.get("hazards") or "").split(",")]
        named = [one for one in dict.fromkeys(hazards) if one and one != "None"]
        return _WORDS.get(word, word), named


def _wild(said: dict[str, str]) -> tuple[str, list[str]]:
    """WildGuard judges question and answer apart; the answer, where there is one, is the last turn."""
    harmful = [f"harmful {part}" for part in ("request", "response") if said[part] == "yes"]
    last = said["request"] if said["response"] == "n/a" else said["response"]
    return _WORDS[last], harmful


_LLAMA = r"S[0-9]{1,2}(, ?S[0-9]{1,2})*"
_QWEN = r"[A-Z][A-Za-z &-]*(, [A-Z][A-Za-z &-]*)*"

_FORMS = {
    # Inan et al. 2023, arXiv 2312.06674, and the model cards of Llama Guard 2 to 4.
    "llama_guard": _Form(
        re.compile(rf"(?P<word>safe|unsafe)(?:(?<=unsafe)\n(?P<hazards>{_LLAMA}))?"),
        enforced=rf"\n?\n?(safe|unsafe\n{_LLAMA})",
    ),
    # Qwen3Guard Technical Report, arXiv 2510.14276; `Refusal` follows where an answer is judged.
    "qwen3_guard": _Form(
        re.compile(
            rf"Safety: (?P<word>Safe|Unsafe|Controversial)\nCategories: (?P<hazards>{_QWEN})(?:\nRefusal: (?:Yes|No))?"
        ),
        enforced=rf"Safety: (Safe|Unsafe|Controversial)\nCategories: {_QWEN}(\nRefusal: (Yes|No))?",
    ),
    # Zeng et al. 2024, arXiv 2407.21772: `Yes` says that the policy is violated.
    "shield_gemma": _Form(re.compile(r"(?P<word>Yes|No)\b.*", re.S), choice=("Yes", "No"), may_go_on=True),
    # Padhi et al. 2024, arXiv 2412.07724; version 3.2 adds its confidence, 3.3 puts the word in a tag.
    "granite_guardian": _Form(
        re.compile(r"(?:<score>\s*)?(?P<word>yes|no)(?:\s*</score>)?(?:\s*<confidence>\s*\w+\s*</confidence>)?", re.I)
    ),
    # Han et al. 2024, arXiv 2406.18495.
    "wild_guard": _Form(
        re.compile(
            r"Harmful request: (?P<request>yes|no)\nResponse refusal: (?:yes|no|n/a)\n"
            r"Harmful response: (?P<response>yes|no|n/a)"
        ),
        enforced=r"Harmful request: (yes|no)\nResponse refusal: (yes|no|n/a)\nHarmful response: (yes|no|n/a)",
    ),
}
