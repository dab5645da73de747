"""Score each of several answers with a reward model."""

import asyncio
from typing import ClassVar

from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask
from smoltalk.errors import RowFailed
from smoltalk.rows import Row, message
from smoltalk.turns import prompt_turns


class ScoreAnswers(AsksOne):
    """Writes the engine's score of each answer (floats, higher is better) into `column`, in the order of the answers.

    An answer that cannot be scored, one too long for the reward model say, has no score (null) and is neither chosen
    nor rejected later; the row fails when none can be scored.
    """

    engine_kind: ClassVar[str] = "scores"

    of: str = "answers"
    """The column of the answers, a list of texts."""
    prompt: str = "instruction"
    """The column that they answer: a text or a conversation."""
    column: str = "scores"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.prompt})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    async def write(self, row: Row, ask: Ask) -> Row:
        prompt, answers = prompt_turns(row[self.prompt], self.prompt), row[self.of]
        if not answers or not isinstance(answers, list):
            raise RowFailed("missing", f"column `{self.of}` holds no list of answers to score")
        scored = [
            ask.score(self.engine, [*prompt, message("assistant", str(answer))], turn=turn)
            for turn, answer in enumerate(answers)
        ]
        found = await asyncio.gather(*scored, return_exceptions=True)
        for outcome in found:
            if isinstance(outcome, BaseException) and not isinstance(outcome, RowFailed):
                raise outcome
        scores = [None if isinstance(outcome, BaseException) else outcome for outcome in found]
        if all(score is None for score in scores):
            raise next(outcome for outcome in found if isinstance(outcome, RowFailed))
        return {self.column: scores}
