"""The curriculum that nano was trained on knows the right answers to its own questions."""

from collections.abc import Iterator
from typing import Any

from smoltalk.contracts import Outcome, Verifier
from smoltalk.rows import Row


class Curriculum(Verifier):
    """Judges every answer of a conversation by the task its question belongs to; `unknown` outside the curriculum."""

    of: str = "conversation"
    """`conversation` for the row's `messages`, or the column of an answer to `prompt`."""
    prompt: str | None = None
    """The column of the question when `of` is a column."""

    def check(self) -> Iterator[str]:
        if (self.of == "conversation") != (self.prompt is None):
            yield "`curriculum` judges a conversation, or `of` one column as the answer to another, `prompt`"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.prompt}) if self.prompt else frozenset({"messages"})

    def verify(self, row: Row) -> Outcome:
        from smoltalk.nano.curriculum import verify_conversation  # loads the whole curriculum

        task, verdict = verify_conversation(self._turns(row))
        if verdict is None:
            return Outcome(
                verdict="unknown", reason=f"{task}: not all in the curriculum" if task else "not in the curriculum"
            )
        return Outcome(verdict="pass" if verdict else "fail", reason=task or "")

    def _turns(self, row: Row) -> Any:
        if self.prompt is None:
            return row["messages"]
        return [{"role": "user", "content": row[self.prompt]}, {"role": "assistant", "content": row[self.of]}]
