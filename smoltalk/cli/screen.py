"""Text on a screen: aligned tables, spans of time, and model output that cannot act on the terminal."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

# Control characters but newline and tab, invisible marks that reorder text, line separators, lone surrogates.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def plain(text: str) -> str:
    r"""Text that only shows: an escape sequence or a change of direction is spelt out (`\x1b`, `\u202e`)."""
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


class Unread(Exception):
    """A result cannot be written to stdout; the cause says why."""


def say(text: str = "") -> None:
    """A result: to stdout, at once. Raises `Unread`."""
    try:
        print(plain(text), flush=True)
    except OSError as error:
        raise Unread(f"the output cannot be written: {error.strerror}") from error


def complain(text: str) -> None:
    """What is wrong, and how a run is going: to stderr; where nobody can read that, the exit code says it."""
    with suppress(OSError):
        print(plain(text), file=sys.stderr, flush=True)


def table(rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()) -> list[str]:
    """Rows of cells as aligned lines, indented by two; columns in `numbers` are flush right."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  " + "  ".join(_cells(row, widths, numbers)).rstrip() for row in cells]


def _cells(row: Sequence[str], widths: Sequence[int], numbers: frozenset[int]) -> Iterator[str]:
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        if width:
            yield cell.rjust(width) if place in numbers else cell.ljust(width)


def quoted(text: str, indent: int) -> list[str]:
    """Text of a row or a model, behind a rule on every line, so that it cannot pass for ours."""
    return [f"{' ' * indent}| {line}".rstrip() for line in plain(text).split("\n")]


def turns(messages: Iterable[Any], indent: int) -> list[str]:
    """A conversation, turn by turn."""
    lines: list[str] = []
    for turn in messages:
        lines += [f"{' ' * indent}{plain(str(turn['role']))}", *quoted(str(turn["content"]), indent + 2)]
    return lines


def value(name: str, content: Any, indent: int) -> list[str]:
    """A column: short ones on one line, long ones and conversations below their name."""
    title = f"{' ' * indent}{plain(name)}"
    if is_conversation(content):
        return [title, *turns(content, indent + 2)]
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=str)
    if len(text) > 80 or "\n" in text or text == "":
        return [title, *quoted(text, indent + 2)]
    return [f"{title}: {plain(text)}"]


def is_conversation(content: Any) -> bool:
    """Whether a column holds turns."""
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(turn, dict) and turn.keys() == {"role", "content"} for turn in content)
    )


def end_of(fate: str, where: str, reason: str) -> str:
    """`accepted`, `rejected by complete: no answer`, `failed in ask: empty`."""
    by = {"rejected": "by", "pending": "at"}.get(fate, "in")
    return fate if fate == "accepted" else plain(f"{fate} {by} {where}: {reason}")


def count(n: int, noun: str) -> str:
    """`1 row`, `2 rows`, `2 replies`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def span(seconds: float) -> str:
    """`4.2 s`, `42 s`, `3 min 12 s`, `2 h 5 min`, `3 days 4 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, smaller, small in ((86400, "days", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            more, less = whole // size, whole % size // smaller
            unit = "day" if unit == "days" and more == 1 else unit
            return f"{more} {unit} {less} {small}" if less else f"{more} {unit}"
    return f"{whole} s"
