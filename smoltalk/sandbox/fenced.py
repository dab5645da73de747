"""The Python in a chat answer: what stands between its fences, or all of it where there are none."""

import re

_FENCE = re.compile(r"^[ \t]*(`{3,}+|~{3,}+)[ \t]*([\w+#.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_PYTHON = frozenset({"python", "py", "python3", "py3"})
_PLAIN = frozenset({"", "code"})
_LONGEST = 200_000
"""Characters of an answer that are looked at."""


def python_in(answer: str) -> str:
    """The blocks marked as Python, one after another; else the unmarked ones; else, without any fence, the whole text.

    A last fence that is never closed counts (an answer that was cut off fails by its syntax). Empty where every block
    is in another language.
    """
    answer = _readable(answer)
    if not _FENCE.search(answer):
        return answer.strip("\n")
    return "\n".join(match[3] for match in _blocks(answer)).strip("\n")


def code_and_tests(answer: str) -> tuple[str, str]:
    """The Python of an answer that brings its own tests, and the tests: its last block. No tests in a single block."""
    bodies = [match[3] for match in _blocks(_readable(answer))]
    return "\n".join(bodies[:-1] or bodies).strip("\n"), (bodies[-1] if len(bodies) > 1 else "").strip("\n")


def without_tests(answer: str) -> str:
    """The answer up to the heading or the line that announces its tests (`code_and_tests`); else as it is."""
    answer = _readable(answer)
    blocks = _blocks(answer)
    if len(blocks) < 2:
        return answer.strip()
    kept = answer[: blocks[-1].start()].rstrip()
    last = kept.rpartition("\n")[2]
    announced = "test" in last.lower() and len(last) < 200 and not last.lstrip().startswith(("```", "~~~"))
    return kept.removesuffix(last).rstrip() if announced else kept


def _readable(answer: str) -> str:
    return answer[:_LONGEST].replace("\r\n", "\n")


def _blocks(answer: str) -> list[re.Match[str]]:
    """Blocks marked as Python, else those without a mark."""
    blocks = list(_FENCE.finditer(answer))
    marked = [block for block in blocks if block[2].lower() in _PYTHON]
    return marked or [block for block in blocks if block[2].lower() in _PLAIN]
