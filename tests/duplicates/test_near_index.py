"""Near duplicates: the estimate, the index and its bookkeeping."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.duplicates.near import KEEP_ALL, NO_TEXT, NearIndex, bands
from smoltalk.words import Texts, texts_of

VOCABULARY = [a + b + c for a in "bdfgk" for b in ("ala", "ero", "imo", "usk") for c in ("t", "nd", "", "sh", "r")]


def prose(seed: int, length: int) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=length)


def rows(*texts: str) -> Texts:
    return texts_of([[text] for text in texts])


def shingles(text: list[str]) -> set[tuple[str, ...]]:
    padded = ["", "", *text, "", ""]
    return {tuple(padded[at : at + 3]) for at in range(len(padded) - 2)}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([4, 9, 30, 120, 600, 3000]), st.floats(0, 0.4))
def test_the_estimate_is_near_the_jaccard_similarity(seed: int, length: int, share: float) -> None:
    draw = random.Random(seed)
    one = prose(seed, length)
    two = [draw.choice(VOCABULARY) if draw.random() < share else word for word in one]
    exact = len(shingles(one) & shingles(two)) / len(shingles(one) | shingles(two))
    index = NearIndex(0.05, 3)
    index.add(rows(" ".join(one)))
    found = index.add(rows(" ".join(two)), threshold=KEEP_ALL)
    if exact > 0.25:
        assert found.nearest[0] == 0
        assert found.similarity[0] == pytest.approx(exact, abs=0.15)  # five standard errors


def test_the_estimate_is_unbiased() -> None:
    errors = []
    for seed in range(200):
        one, index = prose(seed, 150), NearIndex(0.3)
        two = [*one[:110], *prose(seed + 1000, 40)]
        index.add(rows(" ".join(one)))
        exact = len(shingles(one) & shingles(two)) / len(shingles(one) | shingles(two))
        errors.append(float(index.add(rows(" ".join(two)), threshold=KEEP_ALL).similarity[0]) - exact)
    assert abs(np.mean(errors)) < 0.008
    assert np.std(errors) < 0.033


def test_recall_by_edits() -> None:
    """At 0.7 a text keeps (1 - e)^3 of its 3-grams when a share e of its words is exchanged."""
    draw = random.Random(1)
    originals = [prose(seed, 150) for seed in range(400)]
    index = NearIndex(0.7)
    assert (index.add(rows(*map(" ".join, originals))).earlier == -1).all()
    shares = {}
    for edits in (0, 2, 5, 30):
        copies = []
        for original in originals:
            copy = list(original)
            for place in draw.sample(range(150), edits):
                copy[place] = "changed"
            copies.append(" ".join(copy))
        found = index.add(rows(*copies), threshold=0.7)
        shares[edits] = float(np.mean(found.earlier == np.arange(400)))
    assert shares[0] == 1
    assert shares[2] > 0.99
    assert shares[5] > 0.95
    assert shares[30] == 0


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(range(12)), max_size=30), st.lists(st.integers(1, 7), min_size=30))
def test_portions_change_nothing(order: list[int], portions: list[int]) -> None:
    texts = rows(*(" ".join([*prose(number // 3, 40), *prose(number, 4)]) for number in order))
    whole = NearIndex(0.7).add(texts)
    index, at = NearIndex(0.7), 0
    earlier: list[int] = []
    for size in portions:
        earlier += index.add(texts, at, min(at + size, len(order))).earlier.tolist() if at < len(order) else []
        at += size
    assert earlier == whole.earlier.tolist()


def test_many_rows_outgrow_every_table() -> None:
    texts = rows(*(" ".join(prose(seed, 25)) for seed in range(9_000)))
    index = NearIndex(0.7)
    first = index.add(texts)
    assert (first.earlier == -1).mean() > 0.99
    again = index.add(texts)
    assert (again.earlier >= 0).all()
    assert (again.similarity == 1).mean() > 0.99


def test_memory_is_what_the_class_says() -> None:
    index = NearIndex(0.7)
    index.add(rows(*(" ".join(prose(seed, 25)) for seed in range(20_000))))
    arrays = (index._sketches, index._older, index._checked, index._slots)
    assert 500 < sum(array.nbytes for array in arrays) / index.kept < 900


def test_what_counts_as_a_word() -> None:
    index = NearIndex(0.7)
    index.add(rows("How much is 17 + 25, and why? Café people of ＡＢＣ know it."))
    same = index.add(rows("how  much IS 17+25 and why cafe people of abc know it"))
    assert same.similarity[0] == 1
    other = index.add(rows("How much is 17 - 25, and why? Café people of ＡＢＣ know it."))
    assert other.similarity[0] < 0.8
    digits = index.add(rows("How much is 17 + 26, and why? Café people of ＡＢＣ know it."))
    assert digits.similarity[0] < 0.8


@pytest.mark.parametrize("text", ["", "  \n "])
def test_rows_without_text_are_not_alike(text: str) -> None:
    index = NearIndex(0.7)
    assert (index.add(rows(text, text)).earlier < 0).all()


def test_sums_are_told_apart() -> None:
    """Every number's digits count, not a few bits of them."""
    texts = rows(*(f"What is {one} + {two}?" for one in range(1000, 1200) for two in range(3000, 3200)))
    assert (NearIndex(0.7).add(texts).earlier == -1).mean() > 0.9999
    asked = "What is the product of {} and {}? Write the answer as a whole number."
    texts = rows(*(asked.format(one, two) for one in range(1000, 1100) for two in range(3000, 3100)))
    assert (NearIndex(0.7).add(texts).earlier == -1).mean() > 0.99


def test_a_row_of_many_megabytes() -> None:
    words = " ".join(prose(1, 400_000))
    spaceless = "".join(random.Random(2).choices([chr(code) for code in range(0x4E00, 0x5E00)], k=400_000))
    index = NearIndex(0.7)
    assert (index.add(rows(words, spaceless)).earlier == -1).all()
    assert index.add(rows(words + " and more", spaceless + "好")).earlier.tolist() == [0, 1]


def test_texts_of_a_row_are_read_as_one() -> None:
    index = NearIndex(0.7)
    index.add(texts_of([["Tell me", "about the sea", "and its tides"]]))
    assert index.add(texts_of([["Tell me about", "the sea and its tides"]])).similarity[0] == 1


def test_a_remembered_dataset_is_kept_whole() -> None:
    index = NearIndex(0.7)
    text = " ".join(prose(1, 40))
    assert (index.add(rows(text, text), threshold=KEEP_ALL).earlier == -1).all()
    assert index.add(rows(text)).earlier[0] == 0


@given(st.floats(0.01, 1))
def test_bands_bring_together_what_is_at_the_threshold(threshold: float) -> None:
    count, width = bands(threshold)
    assert 0 < count * width <= 256
    assert width == 1 or 1 - (1 - threshold**width) ** count >= 0.949


@pytest.mark.parametrize(("threshold", "n"), [(0, 3), (1.1, 3), (0.7, 0), (0.7, 33)])
def test_what_cannot_be(threshold: float, n: int) -> None:
    with pytest.raises(ValueError, match="no index"):
        NearIndex(threshold, n)


def test_no_text_is_said() -> None:
    assert NearIndex(0.5).add(rows("")).earlier.tolist() == [NO_TEXT]
