"""Calls of tools have the form that the tools ask for: names, arguments, types."""

from collections.abc import Iterator

from pydantic import Field

from smoltalk.contracts import Outcome, Verifier
from smoltalk.rows import Row
from smoltalk.tools.calls import CallError, check_calls, check_plan, read_calls
from smoltalk.tools.schemas import tool_fault


class ToolCalls(Verifier):
    """Passes when every call names a tool on offer and its arguments fit that tool's JSON schema.

    The format check of APIGen (Liu et al. 2024, arXiv 2406.18518). A reason begins with a label that can be counted:
    `not_json`, `not_a_list`, `not_a_call`, `no_name`, `no_arguments`, `extra_key`, `arguments_not_an_object`,
    `too_many_calls`, `unknown_tool`, `missing_argument`, `unknown_argument`, `wrong_type`, `not_allowed`, `markup`,
    `repeated_call`; and with `planned` `called_nothing`, `should_not_call`, `not_as_planned`. No call at all passes,
    unless one was planned. `unknown` where the schemas themselves cannot be read.
    """

    of: str = "calls"
    """The column of the calls: a list of `{"name", "arguments"}`, or its JSON text."""
    tools: str = "tools"
    """The column of the schemas on offer."""
    planned: str | None = None
    """A column with the names of the tools to be called, one for each call; others, or another number, fail."""
    most: int = Field(default=16, ge=1)
    """Calls at most."""

    def check(self) -> Iterator[str]:
        if len({self.of, self.tools, self.planned}) < 3:
            yield "`tool_calls` needs a column of its own for each of `of`, `tools` and `planned`"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.tools} | ({self.planned} if self.planned else set()))

    def verify(self, row: Row) -> Outcome:
        tools = row.get(self.tools)
        if not isinstance(tools, list):
            return Outcome(verdict="unknown", reason="unreadable_tools: the tools are no list of schemas")
        for number, tool in enumerate(tools, start=1):
            if fault := tool_fault(tool):
                return Outcome(verdict="unknown", reason=f"unreadable_tools: tool {number} {fault}"[:300])
        try:
            calls = read_calls(row.get(self.of))
            check_calls(calls, tools, self.most)
            if self.planned:
                check_plan(calls, row.get(self.planned) or [])
        except CallError as error:
            return Outcome(verdict="fail", reason=str(error))
        return Outcome(verdict="pass")
