"""What can go wrong, sorted by whose fault it is.

FactoryError
├── UserError    a mistake in the user's file: every problem by line, exit 2
├── WorldError   the world failed (engine down, disk full): what was kept, the command that goes on, exit 3
├── CannotJudge  a gate would filter by what means nothing: the run stops, its books closed
└── RowError     one row's business; never ends a run
    ├── BadReply     one reply is unusable: counted, then asked again
    └── RowFailed    the row is out of attempts: it ends as `failed`
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class FactoryError(Exception):
    """Root of everything this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a user's file."""

    path: str
    line: int
    sentence: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        text = f"{place}  {self.sentence}"
        return f"{text}\n    {self.hint}" if self.hint else text


class UserError(FactoryError):
    """All mistakes found in a user's file, in the order of its lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.path, p.line))
        super().__init__("\n".join(str(p) for p in self.problems))


class WorldError(FactoryError):
    """Something outside the user's file failed.

    `kept` says what is safe on disk; `command` is what goes on from there.
    """

    def __init__(self, sentence: str, kept: str = "", command: str = "") -> None:
        self.sentence, self.kept, self.command = sentence, kept, command
        super().__init__(sentence)

    def __str__(self) -> str:
        lines = [self.sentence]
        if self.kept:
            lines.append(f"    kept: {self.kept}")
        if self.command:
            lines.append(f"    go on with: {self.command}")
        return "\n".join(lines)


class CannotJudge(FactoryError):
    """What a gate reads tells nothing: raised by a judge, it stops the run with its books closed; a sentence."""


class RowError(FactoryError):
    """One row's business."""

    def __init__(self, kind: str, detail: str = "") -> None:
        self.kind, self.detail = kind, detail
        super().__init__(f"{kind}: {detail}" if detail else kind)


class BadReply(RowError):
    """A reply that cannot be used; `kind` is counted (`truncated`, `empty`, `unparseable`, `schema`)."""


class RowFailed(RowError):
    """A row that is out of attempts; `where` is the step it failed in, filled in by the executor."""

    where: str = ""


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """A "did you mean" hint for a misspelt word, or the list of choices when nothing is near.

    `cutoff` is how much of two words must be the same (difflib's ratio, 0 to 1).
    """
    known = sorted(set(choices))
    close = difflib.get_close_matches(word, known, n=1, cutoff=cutoff)
    if close:
        return f"did you mean `{close[0]}`?"
    if not known:
        return ""
    shown = ", ".join(known[:12])
    return f"there is: {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")
