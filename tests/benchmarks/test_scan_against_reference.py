"""The compiled scan finds what a slow and plain reading of its definition finds, with the same scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.benchmarks import Item, match
from smoltalk.benchmarks.build import build
from smoltalk.benchmarks.grams import N, gram
from smoltalk.benchmarks.index import Index
from smoltalk.benchmarks.match import LONG
from smoltalk.words import texts_of
from smoltalk.words.listed import words_in
from smoltalk.words.scan import DIGITS_KEPT

VOCABULARY = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu") for b in ("ban", "der", "fol")] + ["7", "8 1", "90"]
ITEMS = [
    "kaban loder mifol nuban 7 kafol loban mider nufol 90 kader lofol miban nuder",
    "kaban loder mifol nuban 8 1 lofol lofol kader kader miban nuder loder kafol 7 7 loban",
    "lofol miban nuder kaban loder mifol nuban 7",
    " ".join(VOCABULARY * 2),
]
INDEX = Index([build("reference", [Item(question=question) for question in ITEMS], "")], 0.5)
GAP = " ".join(["hum"] * 130)
PIECES = st.one_of(
    st.sampled_from(VOCABULARY),
    st.just(GAP),
    st.builds(
        lambda item, a, b: " ".join(ITEMS[item].split()[min(a, b) : max(a, b)]),
        st.integers(0, len(ITEMS) - 1), st.integers(0, 30), st.integers(0, 30),
    ),
)  # fmt: skip
ROWS = st.lists(st.lists(st.lists(PIECES, max_size=6).map(" ".join), max_size=3), min_size=1, max_size=3)


def score(unit: int, texts: list[str]) -> float:
    """By the definition: all stretches of the row, all of their n-grams, all words that those cover."""
    units = INDEX._units
    first, length = int(units.first[unit]), int(units.length[unit])
    numbers, weights = units.numbers[first : first + length], units.weights[first : first + length]
    low, high = units.starts[unit], units.starts[unit + 1]
    places = {int(g): int(at) for g, at in zip(units.grams[low:high], units.ats[low:high], strict=True)}
    hits, before = [], 0
    for text in texts:
        words = words_in(texts_of([[text]]))
        for at in range(len(words.hashes) - N + 1):
            place = places.get(int(gram(*words.hashes[at : at + N])))
            if place is not None:
                kept = [place + s for s in range(N) if numbers[place + s] in (0, words.exact[at + s] >> DIGITS_KEPT)]
                hits.append((before + at, kept))
        before += len(words.hashes) + 1
    best = 0.0
    for start, _ in hits:
        found = {word for at, kept in hits if start <= at <= start + 3 * length + 60 for word in kept}
        found = {word for word in found if weights[word] > 0}
        plain = len(found) / units.size[unit]
        best = max(best, 1.0 if plain == 1 else min(plain, weights[sorted(found)].sum() / units.total[unit]))
    return best


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_scan_is_its_definition(rows: list[list[str]]) -> None:
    hits = INDEX.scan(texts_of(rows))
    told = {(int(r), int(u)): s[0] for r, u, s in zip(hits.rows, hits.units, hits.scores, strict=True)}
    for row, texts in enumerate(rows):
        for unit in np.flatnonzero(INDEX.kinds == LONG):
            wanted = score(int(unit), texts)
            if wanted >= INDEX.bars[unit] + 1e-4:
                assert abs(told[row, int(unit)] - wanted) < 1e-3
            elif wanted < INDEX.bars[unit] - 1e-4:
                assert (row, int(unit)) not in told


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=8).map(" ".join), min_size=1, max_size=6), st.data())
def test_a_row_of_many_parts_is_its_definition_too(texts: list[str], data: st.DataObject) -> None:
    gaps = [data.draw(st.integers(0, 2 * match._PART)) for _ in texts]
    long = [" ".join(["hum"] * gap) + " " + text for gap, text in zip(gaps, texts, strict=True)]
    test_scan_is_its_definition.hypothesis.inner_test([[" ".join(long), " ".join(["hum"] * 4 * match._PART)]])


@pytest.mark.parametrize("before", range(match._PART - 30, match._PART + 30, 3))
def test_the_better_of_two_copies_in_different_parts_is_told(before: int) -> None:
    changed, gap = ITEMS[0].replace("90", "91"), "hum " * 3 * match._PART
    for first, second in ((changed, ITEMS[0]), (ITEMS[0], changed)):
        row = "hum " * before + first + " " + gap + second
        hits = INDEX.scan(texts_of([[row]]))
        of_first = np.flatnonzero(hits.units == int(np.flatnonzero(INDEX.items == 0)[0]))
        assert len(of_first) == 1 and hits.scores[of_first[0]].tolist() == [1, 1, 0, 1]
        begin, end = hits.places[of_first[0]]
        assert row.encode()[begin:end].decode() == ITEMS[0]
