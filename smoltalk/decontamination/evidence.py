"""What a person needs to agree that a row holds an item, or not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from smoltalk.text import neutralise

if TYPE_CHECKING:
    from smoltalk.decontamination import Finder, Hit
    from smoltalk.words import Texts

SHOWN = 1_000
"""Characters of the matched text that are kept; of a longer one its head."""
_AROUND = 160
"""Characters kept of what stands before and after."""


class Evidence(TypedDict):
    """One hit as it is written down."""

    benchmark: str
    item: str
    """Its id, or its number in the benchmark, from 0."""
    score: float
    kind: str
    method: str
    source: str
    """The row's file and its line there (of Parquet its number), from 1: `FILE:LINE`."""
    column: str
    turn: int | None
    """Place in the column's list of turns, from 0; None where the column is one text."""
    role: str | None
    """Who speaks the turn; None where it does not say."""
    text: str
    """The row's own words."""
    before: str
    after: str


def quote(texts: "Texts", text: int, first: int, last: int, limit: int = SHOWN) -> tuple[str, str, str]:
    """The matched part of text number `text`, what stands before it there, and after; without control tokens."""
    begin, end = int(texts.offsets[text]), int(texts.offsets[text + 1])
    last = min(last, end)  # a match that goes on in the next turn is quoted to the end of this one
    matched = _decoded(texts, first, min(last, first + 4 * limit))
    shown = matched if len(matched) <= limit else matched[: limit - 1] + "…"
    before = _decoded(texts, max(begin, first - 4 * _AROUND), first)[-_AROUND:]
    after = _decoded(texts, last, min(end, last + 4 * _AROUND))[:_AROUND]
    return neutralise(shown), neutralise(before), neutralise(after)


def _decoded(texts: "Texts", first: int, last: int) -> str:
    """Bytes as text; a character cut by either end is left out."""
    data = texts.data[first:last].tobytes()
    for _ in range(3):
        if data and data[0] & 0xC0 == 0x80:
            data = data[1:]
    whole = data.decode("utf-8", "replace")
    cut = whole.endswith("\ufffd") and not data.endswith("\ufffd".encode())
    return whole[:-1] if cut else whole


class Where(NamedTuple):
    """Where in its row, and in which, a hit stands."""

    source: str
    column: str
    turn: int
    """-1 where the column is one text."""
    role: str


def written(hit: "Hit", finder: "Finder", method: str, where: Where, quoted: Sequence[str]) -> Evidence:
    """A hit and what it was found in."""
    text, before, after = quoted
    return Evidence(
        benchmark=finder.names[hit.benchmark], item=finder.called(hit.benchmark, hit.item),
        score=round(hit.score, 3), kind=hit.kind, method=method, source=where.source, column=where.column,
        turn=where.turn if where.turn >= 0 else None, role=neutralise(where.role)[:40] or None,
        text=text, before=before, after=after,
    )  # fmt: skip
