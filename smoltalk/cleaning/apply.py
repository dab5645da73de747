"""What becomes of a document when a cleaning program is applied to it."""

from typing import NamedTuple

from smoltalk.cleaning.program import Call, Program, ProgramError

MOST_GROWTH = 200
"""Characters by which one call may make a line longer."""


class Cleaned(NamedTuple):
    """A document after a program."""

    text: str
    """What is left; empty for a document that was dropped."""
    dropped: bool
    lines_removed: int
    """Whole lines that are gone: lines left and lines removed are the lines that were there."""
    lines_changed: int
    """Lines that are left and not as they were."""


def apply(program: Program, text: str) -> Cleaned:
    """The text with the program's calls done, lines counted from 1 as `text.split("\\n")` has them.

    All line numbers are those of the text as given, in any order. Raises `ProgramError` for a call that does not fit
    the text: a line that is not there, a text that is not in its line, a line both removed and changed, nothing left.
    The result is no longer than the text, but for what replacements name.
    """
    lines = text.split("\n")
    if any(call.name == "drop_document" for call in program):
        return Cleaned("", True, len(lines), 0)
    gone: set[int] = set()
    mended: dict[int, str] = {}
    for call in program:
        if call.last > len(lines):
            raise ProgramError(f"{_named(call)} is about line {call.last}, and the text has {len(lines)} lines")
        if call.name == "remove_lines":
            gone.update(range(call.first, call.last + 1))
        elif call.old:
            mended[call.first] = _mended(call, mended.get(call.first, lines[call.first - 1]))
    if both := sorted(gone & mended.keys()):
        raise ProgramError(f"line {both[0]} is removed and changed: do one of the two")
    left = [mended.get(number, line) for number, line in enumerate(lines, 1) if number not in gone]
    if not any(line.strip() for line in left):
        raise ProgramError("nothing is left of the document; if it is not worth keeping, write drop_document()")
    return Cleaned("\n".join(left), False, len(gone), len(mended))


def _mended(call: Call, line: str) -> str:
    if call.old not in line:
        raise ProgramError(f"{_named(call)}: line {call.first} does not hold that text, letter by letter")
    grown = len(line) + line.count(call.old) * (len(call.new) - len(call.old))
    if grown > len(line) + MOST_GROWTH:  # told before it is made: calls of one line can follow each other
        raise ProgramError(f"{_named(call)} makes line {call.first} more than {MOST_GROWTH} characters longer")
    return line.replace(call.old, call.new)


def _named(call: Call) -> str:
    said = str(call)
    return said if len(said) <= 80 else f"{said[:77]}..."
