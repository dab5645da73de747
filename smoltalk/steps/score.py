"""Score what a row says with a reward model."""

from typing import Any, ClassVar, Literal

from smoltalk.contracts import Ask, Write
from smoltalk.errors import RowFailed
from smoltalk.rows import Message, Row, message


class Score(Write):
    """Writes the engine's score of a conversation (a float, higher is better) into `column`."""

    engine_kind: ClassVar[str] = "scores"

    engine: str
    of: str = "conversation"
    """`conversation` for the row's `messages`, or a column that holds a conversation or an answer."""
    prompt: str | None = None
    """The column that asks what the answer in `of` answers."""
    column: str = "reward"

    def reads(self) -> frozenset[str]:
        return frozenset({self._source()} | ({self.prompt} if self.prompt else set()))

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def engines(self) -> frozenset[str]:
        return frozenset({self.engine})

    def identity(self) -> dict[str, Any]:
        """The engine counts by what it is, not by its name here."""
        return self.model_dump(mode="json", exclude={"engine"})

    async def write(self, row: Row, ask: Ask) -> Row:
        return {self.column: await ask.score(self.engine, self._turns(row))}

    def _source(self) -> str:
        return "messages" if self.of == "conversation" else self.of

    def _turns(self, row: Row) -> list[Message]:
        said, asked = row[self._source()], row[self.prompt] if self.prompt else None
        for column, value in ((self._source(), said), (self.prompt, asked)):
            if column and not value:
                raise RowFailed("missing", f"column `{column}` holds nothing to score")
        return [*_as_turns(asked, "user"), *_as_turns(said, "assistant")]


def _as_turns(value: Any, speaker: Literal["user", "assistant"]) -> list[Message]:
    return [message(speaker, value)] if isinstance(value, str) else list(value or [])
