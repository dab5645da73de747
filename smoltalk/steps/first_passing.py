"""Of several answers, keep one that a verifier passes, and one that it fails beside it."""

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, Literal

from smoltalk.contracts import Ask, Verifier, Write
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.verification import Named, verifier_named, word


class FirstPassing(Write):
    """Verifies every text of a list column and writes the one to keep as `response`, with the verifier's word on it.

    `passed` counts those that pass. Those that fail are kept in `rejected_responses` with `rejected_reasons`, the first
    of them also as `rejected_response` (none where all pass): each makes a pair with a response that passed. Where none
    passes, `response` is the first answer and `verified` says why not: gates decide. Self-OSS-Instruct keeps one answer
    of ten (Wei et al. 2024, arXiv 2410.24198).
    """

    looks_up: ClassVar[tuple[str, ...]] = ("_verifier",)

    of: str = "answers"
    """The column that holds the list of answers."""
    verifier: Named
    """A name in `smoltalk/verifiers/`, or `name: {fields}`; it finds each answer in column `response`."""
    keep: Literal["first", "shortest"] = "first"
    """Which of the answers that pass."""

    def check(self) -> Iterator[str]:
        if "response" not in self._verifier.reads():
            yield "`first_passing` hands each answer over as `response`, and the verifier does not read it"
        yield from self._verifier.check()

    def reads(self) -> frozenset[str]:
        return (self._verifier.reads() | {self.of}) - {"response"}

    def writes(self) -> frozenset[str]:
        rejected = {"rejected_response", "rejected_responses", "rejected_reasons"}
        return frozenset({"response", "verified", "verified_reason", "passed"} | rejected)

    async def write(self, row: Row, ask: Ask) -> Row:
        answers = [text for text in row.get(self.of) or [] if isinstance(text, str) and text.strip()]
        if not answers:
            raise RowFailed("missing", f"column `{self.of}` holds no answers")
        # One after another: rows run beside each other already.
        words = [await word(self._verifier, {**row, "response": answer}) for answer in answers]
        passing = [number for number, word in enumerate(words) if word.verdict == "pass"]
        if self.keep == "shortest":
            passing.sort(key=lambda number: len(answers[number]))
        chosen = passing[0] if passing else 0
        failing = [number for number, word in enumerate(words) if word.verdict == "fail" and number != chosen]
        return {
            "response": answers[chosen],
            "verified": words[chosen].verdict,
            "verified_reason": words[chosen].reason,
            "passed": len(passing),
            "rejected_response": answers[failing[0]] if failing else None,
            "rejected_responses": [answers[number] for number in failing],
            "rejected_reasons": [words[number].reason for number in failing],
        }

    @cached_property
    def _verifier(self) -> Verifier:
        return verifier_named(self.verifier)
