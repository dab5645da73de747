"""Answers that were asked to keep constraints keep all of them, or which not."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from smoltalk.contracts import Outcome, Verifier
from smoltalk.errors import RowFailed, UserError
from smoltalk.rows import Row

if TYPE_CHECKING:
    from smoltalk.constraints import Constraint


class Constraints(Verifier):
    """Fails with a sentence for each constraint that is not kept; `unknown` where none fails and one cannot be told."""

    of: str = "response"
    """The column of the answer."""
    column: str | None = "constraints"
    """The column of the row's constraints: a list of `{id, kwargs}`, as `sample_constraints` writes them, or JSON."""
    always: tuple[dict[str, Any], ...] = ()
    """Constraints of every row, `{id, kwargs}` each; with `column: null`, the only ones."""

    def check(self) -> Iterator[str]:
        if self.column is None and not self.always:
            yield "`constraints` has nothing to verify: give it a `column`, or constraints of every row as `always`"
        try:
            _ = self._always
        except UserError as error:
            for problem in error.problems:
                yield f"{problem.sentence} ({problem.hint})" if problem.hint else problem.sentence

    def reads(self) -> frozenset[str]:
        return frozenset({self.of} | ({self.column} if self.column else set()))

    def verify(self, row: Row) -> Outcome:
        from smoltalk.constraints import read, verify_constraints

        text = row[self.of]
        if not isinstance(text, str):
            raise RowFailed("missing", f"column `{self.of}` holds no text to verify")
        try:
            asked = read(row[self.column]) if self.column else []
        except UserError as error:
            raise RowFailed("constraints", "; ".join(problem.sentence for problem in error.problems)[:500]) from error
        return verify_constraints(text, [*asked, *self._always]).outcome

    @cached_property
    def _always(self) -> "list[Constraint]":
        from smoltalk.constraints import read

        return read(self.always) if self.always else []
