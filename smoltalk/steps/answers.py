"""Several answers to one prompt, from one engine or from several: what preferences are made of."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from smoltalk import prompts
from smoltalk.contracts import Ask, Write
from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import Row
from smoltalk.turns import prompt_turns, reply_text

_Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Answers(Write):
    """Writes `n` answers to the prompt in `of` into `answers`, and the engine that wrote each into `answered_by`.

    Several engines take turns; where `n` is no multiple of them, a draw from the row's id says whose turn is first, so
    that all answer equally often (UltraFeedback, Cui et al. 2023, asks 4 of 17 models about each prompt). An answer
    that cannot be had is left out and named in `answers_failed`; the row fails when none can be had. Engines of one
    step are up together: where they do not fit side by side, give each a step and a `column` of its own.
    """

    engine_kind: ClassVar[str] = "completes"

    engine: str | _Names
    n: int = Field(default=4, ge=1, le=64)
    """Answers to a row, over all engines."""
    of: str = "instruction"
    """The column that is answered: a text, or a conversation that ends with the user."""
    template: str | None = None
    """A template to ask with instead, of those that return text: a name in `templates/`, or the path of a `.j2`."""
    sampling: Sampling = Field(default_factory=Sampling)
    attempts: int = Field(default=3, ge=1)
    """How often each answer is asked for before it is given up."""
    column: str = "answers"
    """The column for the answers; the others are called after it, `answered_by` for `answers`."""

    @model_validator(mode="after")
    def _template_exists(self) -> Self:
        if self._template is not None and self._template.header.returns != "text":
            raise UserError([Problem("", 0, f"template `{self.template}` returns columns, and an answer is a text")])
        return self

    def check(self) -> Iterator[str]:
        if len(set(self._engines())) < len(self._engines()):
            yield "`engine` names one twice: `n` says how many answers are wanted"
        if self.n < len(self._engines()) and self.n == 1:
            yield f"`n: 1` asks one of {len(self._engines())} engines a row: that is a `pool`, with the step `ask`"

    def reads(self) -> frozenset[str]:
        return self._template.variables() if self._template else frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column, self._by(), f"{self.column}_failed"})

    def engines(self) -> frozenset[str]:
        return frozenset(self._engines())

    def says(self) -> Mapping[str, str]:
        return {self._template.name: self._template.text} if self._template else {}

    def identity(self) -> dict[str, Any]:
        """One engine counts by what it is; of several the order counts too, for it says who answers first."""
        fields = self.model_dump(mode="json", exclude={"engine", "template", "attempts"})
        fields["template"] = self._template.identity() if self._template else None
        return fields if isinstance(self.engine, str) else fields | {"engine": self.engine}

    async def write(self, row: Row, ask: Ask) -> Row:
        request = self._request(row)
        names = self._turns(str(row.get("id", "")))
        asked = [ask(name, request, self._parse, turn=turn, attempts=self.attempts) for turn, name in enumerate(names)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        texts, by, failed = [], [], []
        for name, outcome in zip(names, found, strict=True):
            if isinstance(outcome, str):
                texts.append(outcome)
                by.append(name)
            elif isinstance(outcome, RowFailed):
                failed.append(outcome)
            else:  # the world's failure, or a row that waits for an engine's turn: not this step's business
                raise outcome
        if not texts:
            raise failed[0]
        reasons = [f"{name}: {one.kind}" for name, one in zip(names, found, strict=True) if isinstance(one, RowFailed)]
        return {self.column: texts, self._by(): by, f"{self.column}_failed": reasons}

    def _engines(self) -> tuple[str, ...]:
        return (self.engine,) if isinstance(self.engine, str) else self.engine

    def _by(self) -> str:
        return "answered_by" if self.column == "answers" else f"{self.column}_by"

    def _turns(self, row: str) -> list[str]:
        """Who writes each answer."""
        names = self._engines()
        first = 0
        if self.n % len(names):
            first = int.from_bytes(hashlib.blake2b(f"answers\0{row}".encode(), digest_size=4).digest()) % len(names)
        return [names[(first + i) % len(names)] for i in range(self.n)]

    def _request(self, row: Row) -> Request:
        """The question, from the template or from the column as it stands."""
        if self._template is None:
            return Request(prompt_turns(row[self.of], self.of), self.sampling)
        for column in sorted(self.reads()):
            if row.get(column) is None:
                raise RowFailed("missing", f"column `{column}` holds nothing to answer")
        return self._template.request(row, self.sampling)

    def _parse(self, reply: Reply) -> str:
        """The answer. Raises `BadReply`: `truncated`, `empty`, or what the template's form demands."""
        text = reply_text(reply)
        return text if self._template is None else str(next(iter(self._template.parse(reply.text).values())))

    @cached_property
    def _template(self) -> prompts.Template | None:
        return None if self.template is None else prompts.find(self.template)
