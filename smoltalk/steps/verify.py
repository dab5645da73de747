"""Check a row's answer by code and write down the verdict; gates decide what to do about it."""

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from smoltalk.contracts import Ask, Verifier, Write
from smoltalk.rows import Row
from smoltalk.verification import Named, verifier_named, word


class Verify(Write):
    """Writes `pass`, `fail` or `unknown` into `column`, and why into `<column>_reason`. Asks no engine.

    A verifier that says it is `slow` works beside the event loop.
    """

    looks_up: ClassVar[tuple[str, ...]] = ("_verifier",)

    verifier: Named
    """A name in `smoltalk/verifiers/`, or `name: {fields}`."""
    column: str = "verified"

    def check(self) -> Iterator[str]:
        return self._verifier.check()

    def reads(self) -> frozenset[str]:
        return self._verifier.reads()

    def writes(self) -> frozenset[str]:
        return frozenset({self.column, f"{self.column}_reason"})

    async def write(self, row: Row, ask: Ask) -> Row:
        outcome = await word(self._verifier, row)
        return {self.column: outcome.verdict, f"{self.column}_reason": outcome.reason}

    @cached_property
    def _verifier(self) -> Verifier:
        return verifier_named(self.verifier)
