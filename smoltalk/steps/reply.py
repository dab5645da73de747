"""The next turn of a conversation that stands in columns, by an engine that sees it as a conversation."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask, Role
from smoltalk.requests import Request, Sampling
from smoltalk.rows import Message, Row, message
from smoltalk.turns import reply_text, turn_text


class Reply(AsksOne):
    """Asks for the turn that follows `turns` and writes it into `column`, as it was said.

    `ask` puts a question about a row; here the engine is in the conversation: it gets the system prompt as its own, and
    earlier turns as turns. An even number of turns asks for what the user says next (the chat template up to the user's
    header, as Magpie does), an odd one for the assistant's answer.
    """

    engine_kind: ClassVar[str] = "completes"

    turns: tuple[str, ...] = ("instruction",)
    """The columns of what was said so far, the user's first."""
    system: str | None = None
    """The column of the system prompt."""
    column: str = "response"
    sampling: Sampling = Field(default_factory=Sampling)
    attempts: int = Field(default=3, ge=1)
    """How often a row is asked before it is given up."""

    def check(self) -> Iterator[str]:
        if self.column in self.reads():
            yield f"`reply` reads and writes column `{self.column}`: give `column` another name"
        if not self.turns and self.system is None:
            yield "`reply` needs `turns` that were said, or a `system` prompt to begin with"

    def reads(self) -> frozenset[str]:
        return frozenset(self.turns) | (frozenset({self.system}) if self.system else frozenset())

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def roles(self) -> frozenset[Role]:
        return frozenset({self._role})

    async def write(self, row: Row, ask: Ask) -> Row:
        said: list[Message] = [message("system", turn_text(row, self.system))] if self.system else []
        for number, column in enumerate(self.turns):
            said.append(message("assistant" if number % 2 else "user", turn_text(row, column)))
        text = await ask(self.engine, Request(said, self.sampling, self._role), reply_text, attempts=self.attempts)
        return {self.column: text}

    @property
    def _role(self) -> Role:
        return "assistant" if len(self.turns) % 2 else "user"
