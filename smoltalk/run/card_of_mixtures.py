"""What the dataset card says of the datasets in a mixture."""

from collections.abc import Sequence
from dataclasses import dataclass

from smoltalk.run.markdown import code, inline, table


@dataclass(frozen=True, slots=True)
class Mixed:
    """One dataset of a mixture, as it went in."""

    name: str
    where: str
    """`org/name (split) at COMMIT`, the folder of a run, names of files; ` where COLUMN is VALUE` behind it."""
    licence: str | None
    born: int
    """Rows that were read, copies included."""
    accepted: int
    copies: int = 0
    """Of the accepted: rows that go in once more."""


def copied(sources: Sequence[Mixed]) -> str:
    """A sentence where rows stand more than once; else empty."""
    repeating = [one for one in sources if one.copies]
    if not repeating:
        return ""
    copies = sum(one.copies for one in repeating)
    named = ", ".join(f"{code(one.name)} ({one.copies:,})" for one in repeating)
    return f"{copies:,} {'row is a copy' if copies == 1 else 'rows are copies'}, put in to reach a share: {named}."


def mixed(sources: Sequence[Mixed]) -> str:
    """A table of the datasets, the first ones before those that they take precedence over."""
    whole = max(sum(one.accepted for one in sources), 1)
    lines = [
        (
            code(one.name), code(one.where), inline(one.licence or "not stated"), f"{one.born:,}", f"{one.accepted:,}",
            f"{one.accepted / whole:.1%}",
        )
        for one in sources
    ]  # fmt: skip
    head = ("source", "dataset", "licence", "rows read", "rows here", "share")
    return "Of rows that repeat each other, that of the source further up stays.\n\n" + table(head, lines, right=3)
