"""Fingerprints joined into one table, and the rows of a dataset looked up in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smoltalk.benchmarks import grams as hashing
from smoltalk.benchmarks import match
from smoltalk.benchmarks.fingerprint import Fingerprint
from smoltalk.benchmarks.table import LAST, Table, table_of
from smoltalk.benchmarks.written import Found, Row, Units, row_for, seen_for
from smoltalk.words import Texts
from smoltalk.words.fold import tables

_SURE = 20
"""Units with fewer telling words are near-twins too easily: their bar rises, to all of them at `_FEW`."""
_FEW = 5
_KINDS = ((0, 4), (1, 8), (7, 64))
"""N-grams that candidates are looked for by, the best first: in at most so many ordinary conversations and items."""
_ENOUGH = 0.1
"""The share of its bar that a unit must lack without them."""
_NEARLY, _MANY = 0.999, 100
"""Weights of up to so many seeds are summed in 32 bits: they reach this share of their sum at least."""
_MOST_HITS = 4_096
"""Hits made room for at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """One entry for each pair of a row and a unit of an item that it holds."""

    rows: NDArray[np.int64]
    units: NDArray[np.int64]
    scores: NDArray[np.float64]
    """Four numbers of each, as in `written.write`."""
    places: NDArray[np.int64]
    """(first byte, byte after the last) in the data that was scanned."""


class _Grams(NamedTuple):
    """The n-grams of all fingerprints: of which unit, at which of its words, how rare."""

    grams: NDArray[np.uint32]
    owners: NDArray[np.int64]
    ats: NDArray[np.int64]
    spread: NDArray[np.uint8]
    everyday: NDArray[np.int64]
    telling: NDArray[np.float64]
    """1 for one that no everyday conversation has, less for the others, 0 for one not to be looked for."""

    @property
    def rarity(self) -> NDArray[np.float64]:
        return np.asarray(self.telling / np.maximum(self.spread, 1))


class Index:
    """Every unit of some benchmarks, ready for `scan`. Read only, so threads may share one.

    `benchmark[unit]` is the number of a unit's fingerprint, `items[unit]` that of its item there, `kinds[unit]` what it
    is and `bars[unit]` the score from which on it is a hit.
    """

    def __init__(self, prints: Sequence[Fingerprint], threshold: float) -> None:
        self.kinds = _joined([one.kinds for one in prints], np.uint8)
        self.benchmark = np.repeat(np.arange(len(prints)), [len(one.lengths) for one in prints])
        self.items = _joined([one.items for one in prints], np.int64)
        lengths = _joined([one.lengths for one in prints], np.int64)
        long = self.kinds == match.LONG
        given = _grams(prints, lengths, self.kinds)
        first = np.cumsum(np.where(long, lengths, 0)) - np.where(long, lengths, 0)
        weights = word_weights(lengths[long], given.rarity[long[given.owners]])
        total, size = np.ones(len(lengths)), np.ones(len(lengths), np.int64)
        told = np.full(len(lengths), float(_SURE))
        if long.any():
            total[long] = np.add.reduceat(weights, first[long])
            size[long] = np.add.reduceat((weights > 0).astype(np.int64), first[long])
            telling = word_weights(lengths[long], given.telling[long[given.owners]])
            told[long] = np.add.reduceat(telling, first[long])
        self.bars = threshold + (1 - threshold) * np.clip((_SURE - told) / (_SURE - _FEW), 0, 1)
        runs = _joined([one.runs for one in prints], np.uint64)
        whole, digits = (_by_run(self.kinds == kind, runs) for kind in (match.WHOLE, match.DIGITS))
        seeds, need = _seeds(given, lengths, long, first, weights, self.bars * total)
        self._table = _table(given, seeds, first, weights, self.kinds)
        self._fewest = _fewest(self._table.posts, need)
        self._units = Units(
            lengths, size, first, runs, self.bars, need, total, weights,
            _joined([one.numbers for one in prints], np.uint16), runs[whole], whole, runs[digits], digits,
            *_looked_for(given, long),
        )  # fmt: skip

    def scan(self, texts: Texts, first: int = 0, last: int | None = None, desk: "Desk | None" = None) -> Hits:
        """Hits of rows `first` to `last` of `texts`, in row order. Releases the GIL; `desk` is of one thread only.

        A verbatim copy of an item that has a unit scores 1. A row has at most `match.MOST` hits, its best.
        """
        last = len(texts.rows) - 1 if last is None else last
        desk = desk or Desk(self)
        row = desk.room_for(texts, first, last)
        found: list[Found] = []
        while first < last:
            new = Found(
                np.empty((_MOST_HITS, 2), np.int64), np.empty((_MOST_HITS, 4)), np.empty((_MOST_HITS, 2), np.int64)
            )
            count, reached = match.scan(
                texts.data, texts.offsets, texts.rows, first, last, *tables(),
                self._table, self._units, desk.lacking, row, desk.seen, desk.mark, new,
            )  # fmt: skip
            desk.mark += reached - first
            first = reached
            found.append(Found(*(array[:count] for array in new)))
        pairs, scores, places = (
            (np.concatenate(arrays) for arrays in zip(*found, strict=True))
            if found
            else (np.empty((0, 2), np.int64), np.empty((0, 4)), np.empty((0, 2), np.int64))
        )
        return Hits(pairs[:, 0], pairs[:, 1], scores, places)


class Desk:
    """What a scan writes on while it looks at a row; made once a thread, for it is as large as the index."""

    def __init__(self, index: Index) -> None:
        self.seen, self.lacking = seen_for(index._units), index._fewest.copy()
        self.mark = 0
        self._row = row_for(0)

    def room_for(self, texts: Texts, first: int, last: int) -> Row:
        """Enough for the longest of these rows: a word takes at least a byte, and a break stands after each text."""
        bounds = texts.offsets[texts.rows[first : last + 1]] + texts.rows[first : last + 1]
        room = int(np.diff(bounds).max(initial=0)) + 8
        if room > len(self._row.hashes):
            self._row = row_for(room)
        return self._row


def _joined(arrays: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate([*arrays, np.empty(0, kind)]).astype(kind)


def _by_run(of_kind: NDArray[np.bool_], runs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Units of a kind, in the order of their runs."""
    units = np.flatnonzero(of_kind)
    return units[np.argsort(runs[units], kind="stable")]


def _grams(prints: Sequence[Fingerprint], lengths: NDArray[np.int64], kinds: NDArray[np.uint8]) -> _Grams:
    counts = np.where(kinds == match.LONG, np.maximum(lengths - hashing.N + 1, 0), kinds == match.RUN)
    owners = np.repeat(np.arange(len(lengths)), counts)
    ats = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    ats += _joined([one.places for one in prints], np.int64)[owners]
    spread = _joined([one.spread for one in prints], np.uint8)
    everyday = _joined([one.everyday for one in prints], np.int64)
    grams = _joined([one.grams for one in prints], np.uint32)
    return _Grams(grams, owners, ats, spread, everyday, (spread > 0) / (1 + everyday / 2))


def word_weights(lengths: NDArray[np.int64], rarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """A weight for each word of units of these lengths: the rarest n-gram that it is part of; no n-gram, no weight."""
    words, grams = np.cumsum([0, *lengths]), np.cumsum([0, *np.maximum(lengths - hashing.N + 1, 0)])
    weights = np.zeros(words[-1])
    place = np.repeat(words[:-1] - grams[:-1], np.diff(grams)) + np.arange(grams[-1])
    for step in range(hashing.N):
        weights[place + step] = np.maximum(weights[place + step], rarity)
    return weights


def _seeds(
    given: _Grams, lengths: NDArray[np.int64], long: NDArray[np.bool_], first: NDArray[np.int64],
    weights: NDArray[np.float64], goals: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:  # fmt: skip
    """Which n-grams make a unit a candidate, and how much of them a row must hold before its score can reach the bar.

    Each unit takes the rarest kinds of `_KINDS` without which it lacks enough for its bar, so that a row that holds
    only its common wording costs nothing.
    """
    base = first[given.owners] + given.ats
    of_long = long[given.owners]

    def lacking(found: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The weight that each unit still lacks for its bar when all of these n-grams are found."""
        covered = np.zeros(len(weights), np.bool_)
        for step in range(hashing.N):
            covered[base[found & of_long] + step] = True
        sums = np.concatenate([[0.0], np.cumsum(np.where(covered, weights, 0))])
        return np.asarray(goals - (sums[first + np.where(long, lengths, 0)] - sums[first]))

    seeds, open_units = ~of_long, long.copy()
    for everyday, spread in _KINDS:
        kind = open_units[given.owners] & (given.everyday <= everyday) & (given.spread <= spread)
        enough = open_units & (lacking(~(seeds | kind)) >= _ENOUGH * goals)
        seeds |= kind & enough[given.owners]
        open_units &= ~enough
    seeds |= open_units[given.owners]
    return seeds, np.maximum(lacking(~seeds), 1e-5)


def _fewest(posts: NDArray[np.void], need: NDArray[np.float64]) -> NDArray[np.int32]:
    """Seeds that a row must hold of each unit before they can weigh what is needed; 0 for units that need none."""
    new = np.append(True, (np.diff(posts["unit"]) != 0) | (posts["says"][:-1] & LAST > 0))[: len(posts)]
    begins, most = np.flatnonzero(new), np.zeros(len(need))  # a unit may have an n-gram twice
    weights = np.add.reduceat(posts["one"] + posts["two"] + posts["three"], begins) if len(posts) else np.empty(0)
    np.maximum.at(most, posts["unit"][begins], weights)
    fewest = np.ceil(need * _NEARLY / np.maximum(most, 1e-9))
    return np.where(most > 0, np.minimum(fewest, _MANY), 0).astype(np.int32)


def _looked_for(
    given: _Grams, long: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.int32]]:
    """Of long units the n-grams that count, and their places: where each unit's begin, all n-grams, all places."""
    kept = (given.spread > 0) & long[given.owners]
    starts = np.cumsum([0, *np.bincount(given.owners[kept], minlength=len(long))])
    return starts, given.grams[kept], given.ats[kept].astype(np.int32)


def _table(
    given: _Grams, seeds: NDArray[np.bool_], first: NDArray[np.int64], weights: NDArray[np.float64],
    kinds: NDArray[np.uint8],
) -> Table:  # fmt: skip
    """Runs and seeds by their n-grams. A run has no weights."""
    kept = seeds & (given.spread > 0)
    owners, ats = given.owners[kept], given.ats[kept]
    runs = kinds[owners] == match.RUN
    words = np.where(runs, 0, first[owners] + ats)[:, None] + np.arange(hashing.N)
    return table_of(given.grams[kept], owners, ats, runs, np.append(weights, np.zeros(hashing.N))[words])
