"""Tell-tale phrases as rates beside those of a reference."""

import math

from smoltalk.reporting.measuring import Measured
from smoltalk.reporting.reference import Reference
from smoltalk.reporting.suspicions import Phrase, Phrases
from smoltalk.reporting.tells import Tell, Told, tells
from smoltalk.text import neutralise

_FEWEST = 3
"""Rows, here or in the reference, that must hold a phrase before its rates are compared."""
_HELD, _HALF = 100.0, 0.5


def phrases(found: Measured, reference: Reference) -> Phrases | None:
    """Every tell; None where nobody spoke whose phrases count."""
    if not found.spoke:
        return None
    listed = [_phrase(number, tell, found, reference) for number, tell in enumerate(tells())]
    listed.sort(key=lambda one: (one.rows < _FEWEST, -(one.ratio or 0), one.phrase))
    index = _index(found, reference)
    return Phrases(listed, found.spoke, found.spoken_words, reference.what, index)


def _phrase(number: int, tell: Tell, found: Measured, reference: Reference) -> Phrase:
    mine = _rate(tell, number, found.told, found.spoke, found.spoken_words)
    there = bool(reference.words)
    theirs = _rate(tell, number, reference.told, reference.rows, reference.words) if there else None
    ratio = _ratio(tell, number, found, reference) if there else None
    row, example = found.examples.get(number, ("", ""))
    return Phrase(
        phrase=tell.phrase,
        group=tell.group,
        unit="per 1,000 rows" if tell.once else "per 1,000 words",
        rate=mine,
        reference=theirs,
        ratio=ratio,
        rows=int(found.told.rows[number]),
        example=" ".join(neutralise(example).split()),
        example_row=row,
    )


def _ratio(tell: Tell, number: int, found: Measured, reference: Reference) -> float | None:
    """Found over expected, both with half an occurrence added: near 1 where there is too little to tell."""
    if max(int(found.told.rows[number]), int(reference.told.rows[number])) < _FEWEST:
        return None
    mine, expected = _expected(tell, number, found, reference)
    # Of what the reference does not have at all it could still hold half a one.
    there = reference.rows if tell.once else reference.words
    unseen = _HALF / there * (found.spoke if tell.once else found.spoken_words)
    return (mine + _HALF) / (expected + unseen + _HALF)


def _index(found: Measured, reference: Reference) -> float | None:
    """All phrases of a group together over what was to be expected of them; of groups the geometric mean."""
    if not reference.words:
        return None
    sums: dict[str, list[float]] = {}
    for number, tell in enumerate(tells()):
        if tell.group != "punctuation":
            mine, expected = _expected(tell, number, found, reference)
            both = sums.setdefault(tell.group, [0.0, 0.0])
            both[0], both[1] = both[0] + mine, both[1] + expected
    ratios = [(mine + _HALF) / (expected + _HALF) for mine, expected in sums.values()]
    return math.exp(sum(math.log(min(max(ratio, 1 / _HELD), _HELD)) for ratio in ratios) / len(ratios))


def _expected(tell: Tell, number: int, found: Measured, reference: Reference) -> tuple[int, float]:
    """What was counted of a phrase, and what the reference leads to expect of as much text."""
    here, there = (found.spoke, reference.rows) if tell.once else (found.spoken_words, reference.words)
    mine, theirs = (int((one.rows if tell.once else one.times)[number]) for one in (found.told, reference.told))
    return mine, theirs / there * here


def _rate(tell: Tell, number: int, told: Told, rows: int, words: int) -> float:
    if tell.once:
        return 1_000 * int(told.rows[number]) / rows if rows else 0.0
    return 1_000 * int(told.times[number]) / words if words else 0.0
