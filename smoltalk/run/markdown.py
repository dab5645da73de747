"""Text on a card: nothing in it can become markup, end a fence, open a tag, or turn the direction of what follows."""

import re
from collections.abc import Iterable, Sequence

from smoltalk.text import neutralise

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of the text behind it, so that one reads what is not there."""
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def inline(value: object) -> str:
    """Plain words on one line."""
    return _spelt(_MARKUP.sub(r"\\\1", " ".join(neutralise(str(value)).split())))


def code(value: object) -> str:
    """A code span in a cell of a table."""
    text = _spelt(" ".join(neutralise(str(value)).split()))
    if not text:
        return ""
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return ticks + pad + text.replace("|", "\\|") + pad + ticks


def fence(text: str, language: str = "") -> str:
    """A block of code, fenced by more backticks than it holds in a row."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    body = _spelt(text.replace("\r", "").strip("\n"))
    return f"{ticks}{language}\n{body}\n{ticks}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], right: int = 0) -> str:
    """A table of cells that are Markdown already; the last `right` columns are numbers."""
    marks = ["---"] * (len(head) - right) + ["---:"] * right
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _spelt(text: str) -> str:
    r"""With changes of direction as JSON writes them: `\u202e`."""
    return _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
