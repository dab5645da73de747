"""Carry a row's calls out in the sandbox, and keep what the tools returned."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from smoltalk import local_files
from smoltalk.contracts import Ask, Write
from smoltalk.rows import Row
from smoltalk.sandbox.off_loop import off_loop
from smoltalk.tools.calls import Call, CallError, check_calls, read_calls
from smoltalk.tools.markup import harmless
from smoltalk.tools.running import NotRun, Result, carry_out
from smoltalk.tools.schemas import read_library


class RunTools(Write):
    """Writes `tool_results` (for each call `call`, its JSON; `ok`; `content`, what came back) and `ran`, `ran_reason`.

    `ran` is `pass` when every call returned, `fail` when one did not, and `unknown` where no code carries a tool out.
    Calls that do not fit the tools on offer are not carried out: then `ran` is `fail` and `tool_results` is empty.
    Calls are carried out one after another; none sees what another did.
    """

    slow: ClassVar[bool] = True

    path: str = Field(min_length=1)
    """A folder of tools with their Python files; relative to the working directory."""
    of: str = "calls"
    """The column of the calls: a list of `{"name", "arguments"}`, or its JSON text."""
    tools: str = "tools"
    """The column of the schemas on offer."""
    timeout: float = Field(default=5.0, gt=0, le=600)
    """Seconds of CPU for all calls of a row, and twice as many of the wall clock."""

    def check(self) -> Iterator[str]:
        yield from read_library(self.path).problems

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.tools})

    def writes(self) -> frozenset[str]:
        return frozenset({"tool_results", "ran", "ran_reason"})

    def json_columns(self) -> frozenset[str]:
        """Columns it writes that hold any JSON value, another in every row."""
        return frozenset({"tool_results"})

    def identity(self) -> dict[str, Any]:
        """The library counts by what is in its files."""
        code = local_files.digests(local_files.files(self.path, ".py"))
        return self.model_dump(mode="json", exclude={"path"}) | {"code": code}

    async def write(self, row: Row, ask: Ask) -> Row:
        try:
            calls = read_calls(row[self.of])
            check_calls(calls, row[self.tools])
            results = await off_loop(carry_out, calls, read_library(self.path), self.timeout)
        except CallError as error:
            return {"tool_results": [], "ran": "fail", "ran_reason": str(error)}
        except NotRun as reason:
            return {"tool_results": [], "ran": "unknown", "ran_reason": f"not_run: {reason}"}
        bad = [
            f"raised: `{call.name}`: {result.text}"
            for call, result in zip(calls, results, strict=True)
            if not result.ok
        ]
        kept = [_kept(call, result) for call, result in zip(calls, results, strict=True)]
        return {"tool_results": kept, "ran": "fail" if bad else "pass", "ran_reason": bad[0] if bad else ""}


def _kept(call: Call, result: Result) -> dict[str, Any]:
    return {"call": harmless(call.text()), "ok": result.ok, "content": harmless(result.text)}
