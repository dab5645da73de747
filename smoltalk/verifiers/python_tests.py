"""Runs an answer's Python and its tests in the sandbox; it passes when the tests do, and when they can fail."""

import re
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from smoltalk.contracts import Outcome, Verifier
from smoltalk.rows import Row
from smoltalk.sandbox.fenced import code_and_tests, python_in
from smoltalk.sandbox.limits import Limits, Ran
from smoltalk.sandbox.pool import run_python
from smoltalk.text import neutralise


class PythonTests(Verifier):
    """Passes when the code runs and every test holds; the reason is the last line of the traceback, and where.

    Code and tests may stand in fences, among prose. Test functions without arguments and unittest cases are called.
    `unknown` where the tests check nothing, where they pass just as well with every function returning nothing
    (`prove`), and where a module is needed that the sandbox lacks: it has the standard library only.
    """

    slow: ClassVar[bool] = True

    code: str = "response"
    """The column of the answer."""
    tests: str = "tests"
    """The column of the tests: a text, or a list of assertions. The same as `code` where an answer brings its own:
    then its last Python block is the tests."""
    timeout: float = Field(default=5.0, gt=0, le=600)
    """Seconds of CPU, and twice as many of the wall clock."""
    memory: int = Field(default=512, ge=16, le=65_536)
    """Megabytes beyond those of the interpreter."""
    prove: bool = True
    """Run passing tests once more over hollow functions, which must not pass."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.code, self.tests})

    def verify(self, row: Row) -> Outcome:
        if self.tests == self.code:
            code, tests = code_and_tests(_text(row.get(self.code)))
        else:
            code, tests = python_in(_text(row.get(self.code))), python_in(_text(row.get(self.tests)))
        if not code.strip():
            return Outcome(verdict="fail", reason="no Python in the answer")
        if not tests.strip():
            return Outcome(verdict="unknown", reason="no tests")
        ran = self._run(code, tests)
        if ran.missing and not _imported(ran.missing, code + "\n" + tests):  # said by the program, not by an import
            ran = replace(ran, missing="")
        outcome = _outcome(ran)
        if outcome.verdict == "pass" and self.prove and self._run(code, tests, hollow=True).ended == "done":
            return Outcome(verdict="unknown", reason="the tests pass too when every function returns nothing")
        return outcome

    def _run(self, code: str, tests: str, hollow: bool = False) -> Ran:
        limits = Limits(seconds=self.timeout, memory_mb=self.memory)
        return run_python(code, tests=tests, hollow=hollow, limits=limits)


def _outcome(ran: Ran) -> Outcome:
    reason = neutralise(ran.reason)
    if ran.ended == "not_run":
        return Outcome(verdict="unknown", reason=reason)
    if ran.missing:
        return Outcome(verdict="unknown", reason=f"needs module `{neutralise(ran.missing)}`, which the sandbox lacks")
    if ran.ended != "done":
        return Outcome(verdict="fail", reason=reason)
    if ran.uncalled:
        return Outcome(verdict="unknown", reason=f"a test was not called: {neutralise(ran.uncalled)}")
    return Outcome(verdict="pass") if ran.checks else Outcome(verdict="unknown", reason="the tests check nothing")


def _imported(module: str, text: str) -> bool:
    """Whether a line of the text imports the module, or calls for it by its name in quotes."""
    name = re.escape(module.partition(".")[0])
    return bool(re.search(rf"^[^\n#]*\b(?:import|from)\b[^\n]*\b{name}\b|import[^\n]*['\"]{name}\b", text, re.M))


def _text(value: Any) -> str:
    """A text, or a list of texts a line each; nothing else is code."""
    if isinstance(value, list):
        return "\n".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""
