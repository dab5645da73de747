"""How a fingerprint is made from a benchmark's items."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smoltalk.benchmarks.everyday import Everyday, everyday, wording
from smoltalk.benchmarks.fingerprint import COMMON, Fingerprint, Manifest
from smoltalk.benchmarks.grams import N, grams_of, runs_of
from smoltalk.benchmarks.items import Item
from smoltalk.benchmarks.match import FEWEST, LONG, RUN, WHOLE
from smoltalk.words import texts_of
from smoltalk.words.listed import Words, words_in

SHORT = 12
"""Questions with fewer words than this are also looked for word for word, where their words are theirs alone."""
SCORED = 8
"""Words from which on a question is scored by its n-grams: with fewer, a third of them is anybody's phrase."""

_HASHED = ("question", "passage", "choices", "answer")


def build(name: str, items: Iterable[Item], origin: str) -> Fingerprint:
    """The fingerprint of a benchmark's items.

    A question of at least `SCORED` words, with its passage, is scored by its n-grams; one of fewer than `SHORT` is also
    looked for word for word, where no other item has the same words; with its lettered choices it is scored by n-grams
    once more. What has fewer than `FEWEST` words counts only as a whole text.
    """
    listed = list(items)
    texts, owners, kinds = _units(listed)
    words = words_in(texts_of([texts]))
    lengths = np.diff(words.bounds)
    kinds[lengths < N] = WHOLE
    known = everyday()
    given = _grams(words, owners, kinds, known)
    kept, places = _kept(given, kinds)
    manifest = Manifest(
        name=name, origin=origin, rows=len(listed), items=len(np.unique(owners)),
        sha256=_sha256(listed), everyday=known.checksum,
    )  # fmt: skip
    return Fingerprint(
        manifest,
        ids=_ids(listed),
        items=owners.astype(np.uint32),
        kinds=kinds,
        lengths=lengths.astype(np.uint32),
        runs=np.where(kinds == LONG, np.uint64(0), runs_of(*words)),
        grams=given.grams[kept],
        places=places,
        spread=given.spread[kept].clip(max=COMMON).astype(np.uint8),
        everyday=given.everyday[kept],
        numbers=words.exact[np.repeat(kinds == LONG, lengths)],
    )


def _units(listed: Sequence[Item]) -> tuple[list[str], NDArray[np.int64], NDArray[np.uint8]]:
    """The text, the item and the kind of each unit."""
    stems = [item.stem for item in listed]
    words = words_in(texts_of([stems]))
    runs = runs_of(*words)
    _, which, times = np.unique(runs, return_inverse=True, return_counts=True)
    units: list[tuple[str, int, int]] = []
    measured = zip(listed, stems, np.diff(words.bounds).tolist(), (times[which] == 1).tolist(), strict=True)
    for number, (item, stem, length, alone) in enumerate(measured):
        if length >= SCORED:
            units.append((stem, number, LONG))
        if 0 < length < SHORT and alone:
            if length >= FEWEST:
                units.append((stem, number, RUN))
            elif not item.choices:
                units.append((stem, number, WHOLE))
        if length < SHORT and item.choices:
            units.append((item.lettered, number, LONG))
    texts, owners, kinds = zip(*units, strict=True) if units else ((), (), ())
    return list(texts), np.array(owners, np.int64), np.array(kinds, np.uint8)


class _Grams(NamedTuple):
    """The n-grams of all units but whole ones, unit after unit."""

    grams: NDArray[np.uint32]
    of: NDArray[np.int64]
    """The unit of each."""
    spread: NDArray[np.int64]
    """In how many items it is; more than `COMMON` for boilerplate."""
    everyday: NDArray[np.uint8]
    repeated: NDArray[np.bool_]
    """Whether it stands in its unit before."""


def _grams(words: Words, owners: NDArray[np.int64], kinds: NDArray[np.uint8], known: Everyday) -> _Grams:
    counts = np.maximum(np.diff(words.bounds) - N + 1, 0)
    of = np.repeat(np.arange(len(kinds)), counts)
    grams, told = grams_of(words.hashes, words.bounds), kinds[of] != WHOLE
    grams, of = grams[told], of[told]
    order = np.argsort((grams.astype(np.uint64) << np.uint64(32)) | of.astype(np.uint64), kind="stable")
    by_gram, by_unit = grams[order], of[order]
    new = _changes(by_gram)
    distinct, group = by_gram[new], np.cumsum(new) - 1
    items = np.bincount(group, new | _changes(owners[by_unit]), len(distinct)).astype(np.int64)
    items[np.isin(distinct, _boilerplate())] = COMMON + 1
    seen = np.zeros(len(distinct), np.uint8)
    if len(known.grams):
        place = np.searchsorted(known.grams, distinct).clip(max=len(known.grams) - 1)
        seen = np.where(known.grams[place] == distinct, known.seen[place], 0).astype(np.uint8)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return _Grams(grams, of, items[group][back], seen[group][back], (~new & ~_changes(by_unit))[back])


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value is another than the one before it."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _boilerplate() -> NDArray[np.uint32]:
    lines = words_in(texts_of([(wording() / "boilerplate.txt").read_text("utf-8").splitlines()]))
    return np.asarray(grams_of(lines.hashes, lines.bounds))


def _kept(given: _Grams, kinds: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Which n-grams are stored: all of a long unit, the rarest of a run, whose place in it is told.

    Those not to be looked for get a `spread` of 0: common wording where at least half of the unit is not, and what
    stands in the unit before, for one phrase in a row must not cover every place that repeats it.
    """
    of, spread = given.of, given.spread
    counts = np.bincount(of, minlength=len(kinds))
    runs = np.flatnonzero(kinds[of] == RUN)
    worth = spread[runs] * (1 + given.everyday[runs].astype(np.int64))
    rarest = runs[np.lexsort((worth, of[runs]))]
    rarest = rarest[_changes(of[rarest])]
    places = np.zeros(len(kinds), np.uint8)
    places[of[rarest]] = rarest - (np.cumsum(counts) - counts)[of[rarest]]
    kept = np.ones(len(of), np.bool_)
    kept[runs] = False
    common = spread > COMMON
    enough = 2 * np.bincount(of[~common], minlength=len(kinds)) >= counts
    spread[kept & ((common & enough[of]) | given.repeated)] = 0
    kept[rarest] = True
    return kept, places


def _ids(listed: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.id or str(i) for i, item in enumerate(listed)) if any(item.id for item in listed) else ()


def _sha256(items: Sequence[Item]) -> str:
    encode = json.JSONEncoder(sort_keys=True).encode
    lines = "\n".join(encode({name: getattr(item, name) for name in _HASHED}) for item in items)
    return hashlib.sha256(lines.encode()).hexdigest()
