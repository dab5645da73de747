"""What a scan reads of units, what it writes on while it looks at a row, and how it enters hits."""

from typing import Any, NamedTuple

import numpy as np

from smoltalk.benchmarks.grams import N
from smoltalk.words.compiled import compiled

WORD_FOR_WORD = (1.0, 1.0, 0.0, 1.0)
"""What is said of a hit that is one, as in `write`."""
MOST = 256
"""Hits of one row: the best."""
REACH, SLACK = 3, 60
"""A copy of a unit may be spread over this many times its words, and this many more."""
NO_GRAM = np.uint64(1 << 32)
"""Stands where a text has no n-gram any more: no n-gram has this hash."""

_STATE = np.dtype([("mark", "i8"), ("sum", "f4"), ("need", "f4"), ("last", "i4"), ("first", "i4"), ("at", "i4")])
_BITS = 1 << 16
_SAME = 1e-6
"""A unit's hits whose scores differ by less say the same."""
_ROUNDING = 1e-4
"""Sums of weights are of 32 bits while candidates are looked for."""


class Units(NamedTuple):
    """One entry a unit; one a word of long units (from `first` on); one an n-gram of them (from `starts` on)."""

    length: Any
    size: Any
    """Words that have a weight."""
    first: Any
    run: Any
    bar: Any
    need: Any
    """How much of the weights a row must hold by seeds alone before its score can reach the bar."""
    total: Any
    """Of the weights of all its words."""
    weights: Any
    numbers: Any
    wholes: Any
    """The runs of whole units, sorted."""
    whole_units: Any
    digits: Any
    """The same of units that are long numbers."""
    digit_units: Any
    starts: Any
    """One more entry than units."""
    grams: Any
    """Every n-gram that counts, seed or not."""
    ats: Any
    """Its place in the unit."""


class Row(NamedTuple):
    """What is written of the row under the scan: its words, the n-grams that begin at them, and what is at which."""

    hashes: Any
    exact: Any
    begins: Any
    ends: Any
    lows: Any
    maybe: Any
    """Places of the n-grams that the filter let through."""
    hit_at: Any
    """Of the unit that is scored: where its n-grams stand in the row, and in the unit."""
    hit_place: Any


class Seen(NamedTuple):
    """What the row under the scan shows of units, and what scoring one of them is written on."""

    states: Any
    """A unit each, void where its `mark` is another row's: the `sum` of weights found, the one it may `need`, its
    `last` n-gram found, the `first` and last word of the row that it was found `at`."""
    candidates: Any
    cover: Any
    """One a word of the unit that is scored."""
    cells: Any
    """A hash table of its n-grams, and what their places are."""
    places: Any
    bits: Any
    """Set where the row may have an n-gram."""


class Found(NamedTuple):
    """Hits: (row, unit); what is said of them, as in `write`; (first byte, byte after)."""

    pairs: Any
    scores: Any
    places: Any


def row_for(room: int) -> Row:
    """For rows of so many words; a break stands after each text."""
    kinds = (np.uint64, np.uint64, np.int64, np.int64, np.uint64, np.int32, np.int32, np.int32)
    return Row(*(np.empty(room, kind) for kind in kinds))


def seen_for(units: Units) -> Seen:
    """For these units."""
    states = np.zeros(len(units.length), _STATE)
    states["mark"], states["need"] = -1, np.maximum(units.need * (1 - _ROUNDING), 1e-5)
    cells = 1 << max(4, int(2 * np.diff(units.starts).max(initial=0)).bit_length())
    cover = np.zeros(int(units.length.max(initial=0)) + N, np.int32)
    room = (np.empty(cells, np.uint64), np.empty(cells, np.int32), np.empty(_BITS // 64, np.uint64))
    return Seen(states, np.empty(len(states), np.int32), cover, *room)


@compiled
def write(
    number: int, unit: int, said: tuple[float, float, float, float], first: int, last: int, begin: int, hits: int,
    found: Found,
) -> int:  # fmt: skip
    """Enter a hit of the row whose hits start at `begin`; in a full row, in place of its worst if that is worse.

    Of a unit that has one in this row, the better stays; of equals, the first.

    A hit is (score, share of the unit's words that are found, share that are numbers with other digits, 1 if it stands
    there word for word else 0); what stands there word for word is better than anything that does not.
    """
    at, score, whole = begin, said[0], said[3]
    while at < hits and found.pairs[at, 1] != unit:
        at += 1
    if at < hits and found.scores[at, 0] + found.scores[at, 3] >= score + whole - _SAME:
        return hits
    if at - begin == MOST:
        at = begin
        for other in range(begin + 1, hits):
            if found.scores[other, 0] + found.scores[other, 3] < found.scores[at, 0] + found.scores[at, 3]:
                at = other
        if found.scores[at, 0] + found.scores[at, 3] >= score + whole:
            return hits
    found.pairs[at, 0], found.pairs[at, 1] = number, unit
    for place in range(4):
        found.scores[at, place] = said[place]
    found.places[at, 0], found.places[at, 1] = first, last
    return max(hits, at + 1)
