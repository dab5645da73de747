"""Score what a row says with a reward model."""

from typing import ClassVar

from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask
from smoltalk.rows import Row
from smoltalk.turns import spoken_column, spoken_turns


class Score(AsksOne):
    """Writes the engine's score of a conversation (a float, higher is better) into `column`."""

    engine_kind: ClassVar[str] = "scores"

    of: str = "conversation"
    """`conversation` for the row's `messages`, or a column that holds a conversation or an answer."""
    prompt: str | None = None
    """The column that asks what the answer in `of` answers."""
    column: str = "reward"

    def reads(self) -> frozenset[str]:
        return frozenset({spoken_column(self.of)} | ({self.prompt} if self.prompt else set()))

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    async def write(self, row: Row, ask: Ask) -> Row:
        turns = spoken_turns(row, self.of, self.prompt, "assistant", to="score")
        return {self.column: await ask.score(self.engine, turns)}
