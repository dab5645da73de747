"""Make a conversation of a request, the calls it led to, what the tools returned, and the answer."""

from smoltalk.contracts import Ask, Write
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.tools.calls import CallError, read_calls
from smoltalk.tools.turns import conversation


class ToolTurns(Write):
    """Writes `messages` as chat templates with tools take them: user, assistant with `tool_calls`, tools, assistant.

    Without calls it is the user's turn and the answer. Calls that cannot be read leave the conversation empty: a gate
    on what a verifier says of them tells why.
    """

    user: str = "instruction"
    """The column of the request."""
    calls: str = "calls"
    """The column of the calls."""
    answer: str = "response"
    """The column of the final answer."""
    results: str | None = "tool_results"
    """The column of what came back, as `run_tools` writes it; null for conversations that end with the calls,
    without an answer unless nothing was called."""

    def reads(self) -> frozenset[str]:
        return frozenset({"id", self.user, self.calls, self.answer} | ({self.results} if self.results else set()))

    def writes(self) -> frozenset[str]:
        return frozenset({"messages"})

    def json_columns(self) -> frozenset[str]:
        """Columns it writes that hold any JSON value, another in every row."""
        return frozenset({"messages"})

    async def write(self, row: Row, ask: Ask) -> Row:
        try:
            calls = read_calls(row[self.calls])
        except CallError:
            return {"messages": []}
        results = [one["content"] for one in row[self.results]] if self.results else None
        if results is not None and len(results) != len(calls):
            return {"messages": []}
        asked, answer = row[self.user], row[self.answer]
        if not (isinstance(asked, str) and isinstance(answer, str)):
            raise RowFailed("missing", f"columns `{self.user}` and `{self.answer}` must hold texts")
        return {"messages": conversation(asked, calls, results, answer, str(row["id"]))}
