"""Part an answer from the tests it brings: what is published, and what it was checked with."""

from smoltalk.contracts import Ask, Write
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.sandbox.fenced import code_and_tests, without_tests


class WithoutTests(Write):
    """Writes the answer without its last Python block, and the line that announces it, into `solution`; the block
    into `tests`. It is the block that `python_tests` runs as the tests of an answer that brings its own."""

    of: str = "response"
    """The column of the answer."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({"solution", "tests"})

    async def write(self, row: Row, ask: Ask) -> Row:
        answer = row.get(self.of)
        if not isinstance(answer, str) or not answer.strip():
            raise RowFailed("missing", f"column `{self.of}` holds no answer")
        return {"solution": without_tests(answer), "tests": code_and_tests(answer)[1]}
