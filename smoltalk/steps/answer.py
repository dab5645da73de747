"""An answer that is verified in code at once, and repaired with the verifier's complaint where it fails."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask, Outcome, Verifier
from smoltalk.errors import RowFailed
from smoltalk.requests import Request, Sampling
from smoltalk.rows import Message, Row, message
from smoltalk.turns import reply_text
from smoltalk.verification import Named, verifier_named, word

_COMPLAINT = (
    "That does not do what I asked: {reason}. Write the whole answer again so that it does, and nothing besides."
)


class Answer(AsksOne):
    """Writes `response` with the verifier's word on it (`verified`, `verified_reason`), after `repairs` repairs.

    Answers that failed are kept in `rejected_responses` with `rejected_reasons`, the first of
    them also as `rejected_response` with `rejected_reason`: beside a response that passed, each makes a preference
    pair. Rows whose last answer fails are left to the gates. `unknown` is not repaired.
    """

    engine_kind: ClassVar[str] = "completes"
    looks_up: ClassVar[tuple[str, ...]] = ("_verifier",)

    verifier: Named
    """A name in `smoltalk/verifiers/`, or `name: {fields}`; it finds the answer in column `response`."""
    of: str = "instruction"
    """The column of the instruction."""
    system: str | None = None
    """The column of a system prompt."""
    repairs: int = Field(default=1, ge=0, le=8)
    """How often an answer that fails is asked for again; each time the engine is shown its last answer and the
    verifier's complaint."""
    sampling: Sampling = Field(default_factory=Sampling)
    attempts: int = Field(default=3, ge=1)
    """How often a reply that is cut off or empty is asked for again."""

    def check(self) -> Iterator[str]:
        if "response" not in self._verifier.reads():
            yield "`answer` writes `response`, and the verifier does not read it: give it `of: response`"
        yield from self._verifier.check()

    def reads(self) -> frozenset[str]:
        asked = {self.of} | ({self.system} if self.system else set())
        return (self._verifier.reads() | asked) - {"response"}

    def writes(self) -> frozenset[str]:
        rejected = {"rejected_response", "rejected_reason", "rejected_responses", "rejected_reasons"}
        return frozenset({"response", "verified", "verified_reason", "repairs"} | rejected)

    def identity(self) -> dict[str, Any]:
        """More repairs keep the replies there are; another verifier voids them, since its complaints are asked."""
        said = super().identity()
        del said["repairs"]
        return said

    async def write(self, row: Row, ask: Ask) -> Row:
        said = self._asked(row)
        text = await ask(self.engine, Request(said, self.sampling), reply_text, attempts=self.attempts)
        outcome = await self._word(row, text)
        rejected = [(text, outcome.reason)] if outcome.verdict == "fail" else []
        repairs = 0
        while outcome.verdict == "fail" and repairs < self.repairs:
            complaint = _COMPLAINT.format(reason=outcome.reason.rstrip("."))
            request = Request([*said, message("assistant", text), message("user", complaint)], self.sampling)
            try:
                text = await ask(self.engine, request, reply_text, turn=repairs + 1, attempts=self.attempts)
            except RowFailed:  # no repair is to be had: the answer that failed still stands
                break
            repairs += 1
            outcome = await self._word(row, text)
            if outcome.verdict == "fail":
                rejected.append((text, outcome.reason))
        texts, reasons = [failed for failed, _ in rejected], [reason for _, reason in rejected]
        return {
            "response": text,
            "verified": outcome.verdict,
            "verified_reason": outcome.reason,
            "repairs": repairs,
            "rejected_response": texts[0] if texts else None,
            "rejected_reason": reasons[0] if reasons else None,
            "rejected_responses": texts,
            "rejected_reasons": reasons,
        }

    def _asked(self, row: Row) -> list[Message]:
        for column in filter(None, (self.system, self.of)):
            if not isinstance(row.get(column), str) or not row[column].strip():
                raise RowFailed("missing", f"column `{column}` holds no text to answer")
        opening = [message("system", row[self.system])] if self.system else []
        return [*opening, message("user", row[self.of])]

    async def _word(self, row: Row, text: str) -> Outcome:
        return await word(self._verifier, {**row, "response": text})

    @cached_property
    def _verifier(self) -> Verifier:
        return verifier_named(self.verifier)
