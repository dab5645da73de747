"""Calls of tools can be carried out: the tools run in the sandbox and return something."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from smoltalk.contracts import Outcome, Verifier
from smoltalk.rows import Row
from smoltalk.tools.calls import CallError, read_calls
from smoltalk.tools.running import NotRun, carry_out
from smoltalk.tools.schemas import read_library


class ToolRuns(Verifier):
    """Passes when every call returns; fails where one raises, hangs or returns what JSON cannot hold.

    The execution check of APIGen (Liu et al. 2024, arXiv 2406.18518). `unknown` where no code carries a tool out. The
    step `run_tools` does the same and keeps what the tools returned.
    """

    slow: ClassVar[bool] = True

    path: str = Field(min_length=1)
    """A folder of tools with their Python files; relative to the working directory."""
    of: str = "calls"
    """The column of the calls: a list of `{"name", "arguments"}`, or its JSON text."""
    timeout: float = Field(default=5.0, gt=0, le=600)
    """Seconds of CPU for all calls of a row, and twice as many of the wall clock."""

    def check(self) -> Iterator[str]:
        yield from read_library(self.path).problems

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def verify(self, row: Row) -> Outcome:
        try:
            calls = read_calls(row.get(self.of))
            results = carry_out(calls, read_library(self.path), self.timeout)
        except CallError as error:
            return Outcome(verdict="fail", reason=str(error))
        except NotRun as reason:
            return Outcome(verdict="unknown", reason=f"not_run: {reason}")
        for call, result in zip(calls, results, strict=True):
            if not result.ok:
                return Outcome(verdict="fail", reason=f"raised: `{call.name}`: {result.text}")
        return Outcome(verdict="pass")
