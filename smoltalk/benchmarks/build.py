"""How a fingerprint is made from a benchmark's items."""

import hashlib
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smoltalk.benchmarks.everyday import Everyday, everyday
from smoltalk.benchmarks.fingerprint import COMMON, Fingerprint, Manifest
from smoltalk.benchmarks.grams import N, digits, grams_of, runs_of
from smoltalk.benchmarks.items import Item, names_of
from smoltalk.benchmarks.match import DIGITS, FEWEST, LONG, RUN, WHOLE
from smoltalk.benchmarks.wording import checksum, wording
from smoltalk.words import texts_of
from smoltalk.words.listed import Words, words_in
from smoltalk.words.scan import DIGITS_KEPT

SHORT = 12
"""Questions with fewer words than this are also looked for word for word, where their words are theirs alone."""
SCORED = 8
"""Words from which on a question is scored by its n-grams: with fewer, a third of them is anybody's phrase."""

_HASHED = ("answer", "choices", "passage", "question")


def build(name: str, items: Iterable[Item], origin: str) -> Fingerprint:
    """The fingerprint of a benchmark's items.

    A question of at least `SCORED` words, with its passage, is scored by its n-grams; one of fewer than `SHORT` is also
    looked for word for word, where no other item has the same words; with its lettered choices it is scored by n-grams
    once more. What has fewer than `FEWEST` words counts only as a whole text, and not even so where the item has
    choices and the question alone is everybody's; what is one long number also counts within a text. Of items without
    choices that ask the same, the first stands for all.
    """
    listed = list(items)
    known = everyday()
    texts, owners, kinds, lost = _units(listed, known)
    words = words_in(texts_of([texts]))
    lengths = np.diff(words.bounds)
    kinds[(lengths < N) & (kinds != DIGITS)] = WHOLE
    runs = np.asarray(runs_of(*words))
    runs[kinds == DIGITS] = [_digits(text) for text, kind in zip(texts, kinds, strict=True) if kind == DIGITS]
    given = _grams(words, owners, kinds, known)
    kept, places = _kept(given, kinds)
    manifest = Manifest(
        name=name, origin=origin, rows=len(listed), items=len(listed) - len(lost),
        sha256=_sha256(listed), everyday=checksum(),
    )  # fmt: skip
    return Fingerprint(
        manifest,
        ids=_ids(listed),
        items=owners.astype(np.uint32),
        kinds=kinds,
        lengths=lengths.astype(np.uint32),
        runs=runs,
        grams=given.grams[kept],
        places=places,
        spread=given.spread[kept].clip(max=COMMON).astype(np.uint8),
        everyday=given.everyday[kept],
        numbers=(words.exact[np.repeat(kinds == LONG, lengths)] >> DIGITS_KEPT).astype(np.uint16),
        lost=np.array(lost, np.uint32),
    )


def _units(
    listed: Sequence[Item], known: Everyday
) -> tuple[list[str], NDArray[np.int64], NDArray[np.uint8], list[int]]:
    """The text, the item and the kind of each unit; and the items that have none and that no other stands for."""
    stems = [item.stem for item in listed]
    words = words_in(texts_of([stems]))
    bounds = words.bounds.tolist()
    runs = runs_of(*words).tolist()
    said_anyway = _small_talk()
    asked_by: dict[int, list[Item]] = {}
    for item, run in zip(listed, runs, strict=True):
        asked_by.setdefault(run, []).append(item)
    stands_for = {run: next((item for item in items if not item.choices), None) for run, items in asked_by.items()}
    units: list[tuple[str, int, int]] = []
    lost: list[int] = []
    for number, (item, stem, run, first) in enumerate(zip(listed, stems, runs, bounds, strict=False)):
        length = bounds[number + 1] - first
        alone = len(asked_by[run]) == 1 or len(set(map(_hashed, asked_by[run]))) == 1  # one that is listed twice is one
        alone = alone or item is stands_for[run]
        if not (length or item.choices):
            lost.append(number)
        if length >= SCORED:
            units.append((stem, number, LONG))
        if 0 < length < SHORT and alone:
            if length >= FEWEST:
                units.append((stem, number, RUN))
            elif not (item.choices and (run in said_anyway or _everybodys(words.hashes[first:][:length], known))):
                units.append((stem, number, WHOLE))
                if length == 1 and _digits(stem):
                    units.append((stem, number, DIGITS))
        if length < SHORT and item.choices:
            units.append((item.lettered, number, LONG))
    texts, owners, kinds = zip(*units, strict=True) if units else ((), (), ())
    return list(texts), np.array(owners, np.int64), np.array(kinds, np.uint8), lost


def _digits(text: str) -> int:
    """The hash of a text that is one number; 0 for one that is anybody's."""
    data = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    return int(digits(data, 0, len(data)))


def _everybodys(hashes: NDArray[np.uint64], known: Everyday) -> bool:
    """Whether words prove nothing without their choices: a mere topic, or three in a row that are everyday speech."""
    grams = grams_of(hashes, np.array([0, len(hashes)]))
    return len(hashes) < 2 or bool(len(grams) and _seen(grams, known).all())


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
    seen = _seen(distinct, known)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return _Grams(grams, of, items[group][back], seen[group][back], (~new & ~_changes(by_unit))[back])


def _seen(grams: NDArray[np.uint32], known: Everyday) -> NDArray[np.uint8]:
    """In how many everyday conversations each of these stands."""
    if not len(known.grams):
        return np.zeros(len(grams), np.uint8)
    place = np.searchsorted(known.grams, grams).clip(max=len(known.grams) - 1)
    return np.where(known.grams[place] == grams, known.seen[place], 0).astype(np.uint8)


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value is another than the one before it."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _boilerplate() -> NDArray[np.uint32]:
    lines = _lines("boilerplate.txt")
    return np.asarray(grams_of(lines.hashes, lines.bounds))


def _small_talk() -> frozenset[int]:
    """What people say to each other and to assistants, as runs."""
    return frozenset(runs_of(*_lines("small_talk.txt")).tolist())


def _lines(file: str) -> Words:
    return words_in(texts_of([(wording() / file).read_text("utf-8").splitlines()]))


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
    return tuple(names_of(listed)) if any(item.id for item in listed) else ()


def _sha256(items: Sequence[Item]) -> str:
    return hashlib.sha256("\n".join(map(_hashed, items)).encode()).hexdigest()


def _hashed(item: Item) -> str:
    """What the item says, as JSON with its keys sorted; not what it is called."""
    return "{" + ", ".join(f'"{name}": {_as_json(getattr(item, name))}' for name in _HASHED) + "}"


def _as_json(value: str | Sequence[str]) -> str:
    """As `json.dumps`, which would make an encoder for each of tens of thousands of items."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    return f"[{', '.join(map(encode_basestring_ascii, value))}]"
