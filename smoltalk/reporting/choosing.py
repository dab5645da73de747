"""Rows for a reader to look at: spread over sources and categories, over gates and reasons."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeVar

import orjson

from smoltalk.reporting.findings import SHOWN, SHOWN_ROW, Fate, Sample, Turn
from smoltalk.reporting.sampled import Row
from smoltalk.reporting.turned_away import Turned
from smoltalk.review.booking import LABEL
from smoltalk.text import neutralise, shown, words

T = TypeVar("T")

MOST = 50
_COLUMNS, _CELL, _EVIDENCE = 20, 300, 500
_TURNS = 20
_FATES: Mapping[str, Fate] = {"failed": "failed", "pending": "pending"}


def accepted_samples(rows: Sequence[Row], category: str) -> list[Sample]:
    """At most 50 accepted rows, one of each source and category after another."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.source, str(row.columns.get(category))), []).append(row)
    return [_sample(row, "accepted") for row in _spread(groups.values())]


def other_samples(some: Mapping[tuple[str, str], list[Turned]]) -> list[Sample]:
    """At most 50 rows that were turned away, one of each gate and reason after another."""
    return [
        _sample(one.row, _FATES.get(one.fate, "rejected"), one.gate, one.reason, _told(one))
        for one in _spread(some.values())
    ]


def _told(one: Turned) -> Mapping[str, Any]:
    """Why a row was turned away; of people only what they said, for the page is published and they did not sign it."""
    if one.gate != LABEL:
        return one.evidence
    if one.fate == "pending":
        return {}
    given = one.evidence.get("reviewers")
    said = Counter(str(told.get("said")) for told in given if isinstance(told, dict)) if isinstance(given, list) else {}
    return {word.replace("_", " "): n for word, n in sorted(said.items())}


def _spread(groups: Iterable[Sequence[T]]) -> list[T]:
    """The first of each group, then the second of each, ..."""
    nobody: Any = object()
    return [one for some in zip_longest(*groups, fillvalue=nobody) for one in some if one is not nobody][:MOST]


def _sample(
    row: Row, fate: Fate, gate: str = "", reason: str = "", evidence: Mapping[str, Any] | None = None
) -> Sample:  # fmt: skip
    turns: list[Turn] = []
    left = SHOWN_ROW
    for speaker, text, cut in row.turns[:_TURNS]:
        said = text[: min(SHOWN, left)]
        turns.append(Turn(speaker, said, cut + len(text) - len(said)))
        left -= len(said)
        if left <= 0:
            break
    cells = [
        (neutralise(name[:80]), _written(value, _CELL)) for name, value in row.columns.items() if value is not None
    ]
    return Sample(
        id=row.id,
        source=row.source,
        split=row.split,
        fate=fate,
        turns=turns,
        turns_left_out=row.turns_left_out + len(row.turns) - len(turns),
        columns=[cell for cell in cells if cell[1]][:_COLUMNS],
        words=sum(len(words(text)) for _, text, _ in row.turns),
        gate=gate,
        reason=neutralise(reason),
        evidence=[(neutralise(name[:80]), _written(value, _EVIDENCE)) for name, value in (evidence or {}).items()][
            :_COLUMNS
        ],
    )


def _written(value: object, limit: int) -> str:
    """A value as text, cut; vectors only by their size."""
    if isinstance(value, list) and len(value) > _COLUMNS and all(isinstance(one, int | float) for one in value):
        return f"{len(value)} numbers"
    if isinstance(value, str):
        text = value
    elif isinstance(value, list | dict):
        text = orjson.dumps(value, default=str).decode()
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = str(shown(value)).lower() if isinstance(value, bool) else str(shown(value))
    return neutralise(text if len(text) <= limit else text[: limit - 1] + "…")
