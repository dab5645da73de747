"""Tell-tale phrases of machine text, as hashes of words that one compiled pass over the texts looks for."""

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from smoltalk.words import texts_of
from smoltalk.words.listed import words_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

Group = Literal["refusal", "opening", "closing", "vocabulary", "construction", "punctuation"]

MARKS = ("em_dash", "exclamation", "bold", "bullet", "heading", "emoji")
"""What is counted byte by byte, in the order of `scan_turns`' counts."""
ONCE = frozenset({"refusal", "opening", "closing"})
"""Groups that are counted once a row."""
ANYWHERE, OPENING, CLOSING = range(3)
CLOSE = 30
"""Words of a turn that are its end."""

_FILE = Path(__file__).with_name("tells.toml")


class Tell(NamedTuple):
    """One line of the table."""

    phrase: str
    group: Group
    forms: tuple[str, ...] = ()
    at: Literal["", "opening", "closing"] = ""
    mark: str = ""

    @property
    def once(self) -> bool:
        """Whether rows that hold it are counted, and not how often it stands there."""
        return self.group in ONCE


class Table(NamedTuple):
    """All forms of all tells, ready for compiled code; forms that begin alike stand together."""

    hashes: "NDArray[np.uint64]"
    """The words of all forms, one form after another."""
    starts: "NDArray[np.int64]"
    """Form `f` has words `hashes[starts[f]:starts[f + 1]]`."""
    tells: "NDArray[np.int64]"
    """The tell of each form."""
    places: "NDArray[np.int64]"
    """`ANYWHERE`, `OPENING` or `CLOSING`, of each form."""
    keys: "NDArray[np.uint64]"
    """Open addressing by a form's first word; 0 is a free slot. The number of slots is a power of two."""
    firsts: "NDArray[np.int64]"
    """Of each slot the first form that begins with its key, ..."""
    lasts: "NDArray[np.int64]"
    """... and the one after the last."""


@cache
def tells() -> tuple[Tell, ...]:
    """The tells in the file's order."""
    found = tomllib.loads(_FILE.read_text("utf-8"))["tell"]
    return tuple(Tell(**{**one, "forms": tuple(one.get("forms", ()))}) for one in found)


@cache
def table() -> Table:
    """The forms of `tells()`."""
    forms = [(number, tell.at, form) for number, tell in enumerate(tells()) for form in tell.forms]
    words = words_in(texts_of([[form] for _, _, form in forms]))
    listed = [words.hashes[a:b] for a, b in zip(words.bounds, words.bounds[1:], strict=False)]
    order = sorted(range(len(forms)), key=lambda f: (int(listed[f][0]), forms[f][0], -len(listed[f])))
    places = {"": ANYWHERE, "opening": OPENING, "closing": CLOSING}
    slots = 1 << (4 * len(forms)).bit_length()
    keys, firsts, lasts = np.zeros(slots, np.uint64), np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    for rank, form in enumerate(order):
        key = listed[form][0]
        slot = int(key) & (slots - 1)
        while keys[slot] and keys[slot] != key:
            slot = (slot + 1) & (slots - 1)
        if not keys[slot]:
            keys[slot], firsts[slot] = key, rank
        lasts[slot] = rank + 1
    return Table(
        np.concatenate([listed[form] for form in order]),
        np.cumsum([0, *(len(listed[form]) for form in order)]).astype(np.int64),
        np.array([forms[form][0] for form in order], np.int64),
        np.array([places[forms[form][1]] for form in order], np.int64),
        keys, firsts, lasts,
    )  # fmt: skip


class Told(NamedTuple):
    """What was counted of each tell, in the order of `tells()`; sums over batches add up."""

    times: "NDArray[np.int64]"
    """How often it stands there."""
    rows: "NDArray[np.int64]"
    """Rows that hold it."""


def empty() -> Told:
    """Nothing counted yet."""
    return Told(np.zeros(len(tells()), np.int64), np.zeros(len(tells()), np.int64))


def marks() -> "NDArray[np.int64]":
    """The tell that each of `MARKS` counts for; -1 for none."""
    named: dict[str, Any] = {tell.mark: number for number, tell in enumerate(tells()) if tell.mark}
    return np.array([named.get(mark, -1) for mark in MARKS], np.int64)
