"""Check a row's answer by code and write down the verdict; gates decide what to do about it."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from smoltalk import catalog
from smoltalk.contracts import Ask, Verifier, Write
from smoltalk.document import Document
from smoltalk.errors import Problem, UserError
from smoltalk.fields import fill
from smoltalk.rows import Row


class Verify(Write):
    """Writes `pass`, `fail` or `unknown` into `column`, and why into `<column>_reason`. Asks no engine."""

    verifier: str | Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    """A name in `smoltalk/verifiers/`, or `name: {fields}`."""
    column: str = "verified"

    @model_validator(mode="after")
    def _verifier_exists(self) -> Self:
        _ = self._verifier
        return self

    def check(self) -> Iterator[str]:
        return self._verifier.check()

    def reads(self) -> frozenset[str]:
        return self._verifier.reads()

    def writes(self) -> frozenset[str]:
        return frozenset({self.column, f"{self.column}_reason"})

    async def write(self, row: Row, ask: Ask) -> Row:
        outcome = self._verifier.verify(row)
        return {self.column: outcome.verdict, f"{self.column}_reason": outcome.reason}

    @cached_property
    def _verifier(self) -> Verifier:
        named = {self.verifier: {}} if isinstance(self.verifier, str) else self.verifier
        if len(named) != 1:
            raise UserError([Problem("", 0, "`verifier` is one name, or one `name: {fields}`")])
        name, fields = next(iter(named.items()))
        verifier: Verifier = fill(catalog.find("verifiers", name), fields, Document(""), (), name)
        return verifier
