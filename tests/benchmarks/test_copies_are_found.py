"""A copy of an item is found with a score of 1, however it is set, and a row without one is left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.benchmarks import Item
from smoltalk.benchmarks.build import build
from smoltalk.benchmarks.index import Desk, Hits, Index
from smoltalk.benchmarks.match import WHOLE
from smoltalk.words import texts_of

WORD = st.text("abcdeéüжλ漢", min_size=1, max_size=5) | st.integers(0, 99).map(str)
SENTENCE = st.lists(WORD, min_size=1, max_size=30).map(" ".join)
BESIDE = st.text("abc é", max_size=30)
"""No numbers: those beside an item's own would be one number with them."""
ITEM = st.builds(
    Item, question=SENTENCE, passage=st.just("") | SENTENCE, choices=st.lists(SENTENCE, max_size=4).map(tuple)
)
SETTINGS = {
    "verbatim": lambda text: text,
    "upper case": str.upper,
    "spaced": lambda text: text.replace(" ", " \u00a0\n"),
    "marks": lambda text: text.replace(" ", ", ") + "?!",
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in text),
    "invisible": lambda text: "\u200b".join(text),
}


def best(hits: Hits, index: Index, row: int, benchmark: int, item: int) -> float:
    mine = (hits.rows == row) & (index.benchmark[hits.units] == benchmark) & (index.items[hits.units] == item)
    return float(hits.scores[mine, 0].max(initial=0))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(ITEM, max_size=6), min_size=1, max_size=2), st.sampled_from(sorted(SETTINGS)), BESIDE)
def test_every_indexed_item_is_found_whole(benchmarks: list[list[Item]], setting: str, beside: str) -> None:
    prints = [build(str(number), items, "") for number, items in enumerate(benchmarks)]
    index = Index(prints, 0.5)
    rows, who = [], []
    for number, made in enumerate(prints):
        for item in set(made.items.tolist()):
            copy = SETTINGS[setting](benchmarks[number][item].lettered)
            alone = set(made.kinds[made.items == item].tolist()) == {WHOLE}
            rows.append([beside, copy] if alone else [f"{beside}. {copy} - {beside}", beside])
            who.append((number, item))
    hits = index.scan(texts_of(rows))
    for row, (number, item) in enumerate(who):
        assert best(hits, index, row, number, item) == pytest.approx(1), rows[row]


def test_the_copy_is_found_among_more_twins_than_a_row_has_hits() -> None:
    names = [chr(97 + i // 26) + chr(97 + i % 26) for i in range(400)]
    items = [Item(question=f"Three sailors tie the long red rope to a post. Who is it, {name}x?") for name in names]
    index = Index([build("twins", items, "")], 0.3)
    hits = index.scan(texts_of([[items[399].question]]))
    assert best(hits, index, 0, 0, 399) == 1


def test_a_row_of_two_benchmarks_names_both() -> None:
    items = [Item(question="How long?"), Item(question="How long is the rope of the ship?")]
    index = Index([build("one", items, ""), build("two", items, "")], 0.5)
    hits = index.scan(texts_of([["How long?", "HOW LONG IS THE ROPE OF THE SHIP"]]))
    named = zip(index.benchmark[hits.units].tolist(), index.items[hits.units].tolist(), strict=True)
    assert set(named) == {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_the_place_is_the_copys() -> None:
    question = "Sailors splice two ropes into a longer one; by how many fathoms exactly does it grow?"
    index = Index([build("quays", [Item(question=question)], "")], 0.5)
    texts = texts_of([["Nothing here."], ["Bonjour à tous.", f"Übung: {question} Thanks!"]])
    hits = index.scan(texts)
    assert hits.rows.tolist() == [1]
    first, last = hits.places[0]
    assert texts.data[first:last].tobytes().decode() == question.rstrip("?")


def test_other_numbers_score_less_but_show() -> None:
    question = "A ship has {} red ropes and {} blue ropes; the crew cuts away half of the red ones before noon."
    index = Index([build("quays", [Item(question=question.format(12, 7))], "")], 0.5)
    hits = index.scan(texts_of([[question.format(12, 7)], [question.format(31, 8)]]))
    assert hits.rows.tolist() == [0, 1]
    assert hits.scores[0].tolist() == [1, 1, 0, 1]
    assert 0.5 < hits.scores[1, 0] < 1 and hits.scores[1, 2] > 0 and hits.scores[1, 3] == 0


def said(question: str, *rows: str) -> list[tuple[float, bool, bool]]:
    """(score, whether numbers changed, whether it is word for word) of each row's hit."""
    index = Index([build("quays", [Item(question=question)], "")], 0.5)
    hits = index.scan(texts_of([[row] for row in rows]))
    assert hits.rows.tolist() == list(range(len(rows)))
    return [(round(float(score), 3), changed > 0, whole == 1) for score, _, changed, whole in hits.scores]


PHRASES = (
    "Anna ties 3 red ropes to the mast, then 5 red ropes to the quay, and Ben cuts 3 red ropes and 8 red ropes off."
)


def test_a_phrase_before_several_numbers_changes_none_of_them() -> None:
    copy, dropped = PHRASES.upper(), PHRASES.replace("mast, then", "mast then slowly")
    assert said(PHRASES, copy, f"7 boats. {copy}") == [(1, False, True)] * 2
    (_, changed, whole), *_ = said(PHRASES, dropped)
    assert not changed and not whole


def test_a_number_whose_neighbours_are_others_is_not_a_changed_one() -> None:
    (_, changed, whole), (_, other, _) = said(
        PHRASES, PHRASES.replace("then 5 red", "later 5 blue"), PHRASES.replace("then 5 red", "then 6 red")
    )
    assert not changed and not whole and other


def test_all_words_in_another_order_are_not_word_for_word() -> None:
    first, second = "Three old sailors of the north tie a rope to the post.", "Who of them unties it before the storm?"
    assert said(f"{first} {second}", f"{first} {second}", f"{second} {first} {second}") == [(1, False, True)] * 2
    ((_, _, whole),) = said(f"{first} {second}", f"{second} So: {first}")
    assert not whole


def test_the_copy_stays_where_a_row_has_more_twins_than_hits() -> None:
    names = [chr(97 + i // 26) + chr(97 + i % 26) for i in range(400)]
    items = [Item(question=f"{name}x saw three sailors tie the long red rope to a post on {name}y.") for name in names]
    index = Index([build("twins", items, "")], 0.1)
    everything = " ".join(item.question for item in items[:350])
    assert best(index.scan(texts_of([[f"{items[399].question} {everything}"]])), index, 0, 0, 399) == 1


def test_a_long_number_is_found_within_a_text() -> None:
    index = Index([build("sums", [Item(question="((12 + 7) * -31) / 415 =")], "")], 0.5)
    hits = index.scan(texts_of([["Q: ((12 + 7) * -31) / 415 =\nA:"], ["Q: 127 * 31415 = A"], ["Call 12731415 now"]]))
    assert (hits.rows.tolist(), hits.scores.tolist()) == ([0], [[1, 1, 0, 1]])


def test_rows_without_items_are_left_alone() -> None:
    question = "Which of the two ropes is the longer one, and by how many fathoms exactly?"
    index = Index([build("quays", [Item(question=question), Item(question="How long?")], "")], 0.5)
    rows = [
        [],
        [""],
        ["How long is this?"],
        ["Which of the two is it?"],
        ["\ud800" * 50],
        ["a" * 100_000],
        ["7 " * 50_000],
    ]
    assert len(index.scan(texts_of(rows)).rows) == 0


def test_scans_in_parts_and_at_one_desk_are_one_scan() -> None:
    items = [
        Item(question=f"How many ropes of kind {chr(97 + i)} lie on the quay beside the old ship?") for i in range(20)
    ]
    index = Index([build("quays", items, "")], 0.5)
    texts = texts_of([[item.question] for item in items] * 3)
    desk, whole = Desk(index), index.scan(texts)
    parts = [index.scan(texts, first, min(first + 7, 60), desk) for first in range(0, 60, 7)]
    assert np.array_equal(np.concatenate([part.rows for part in parts]), whole.rows)
    assert np.array_equal(np.concatenate([part.scores for part in parts]), whole.scores)


def test_an_index_of_nothing_finds_nothing() -> None:
    assert len(Index([], 0.5).scan(texts_of([["How long is the rope?"]])).rows) == 0
    assert len(Index([build("none", [], "")], 0.5).scan(texts_of([["How long?"]])).rows) == 0


def test_short_questions_that_differ_in_a_number_are_not_taken_for_each_other() -> None:
    """Forty thousand pairs: 16 bits of each number's digits would take one or two for the same."""
    index = Index([build("roots", [Item(question=f"What is the square root of {n}?") for n in range(200)], "")], 0.5)
    others = index.scan(texts_of([[f"What is the square root of {n}?"] for n in range(200, 5_000)]))
    assert len(others.rows) == 0
    assert len(set(index.scan(texts_of([[f"What is the square root of {n}?"] for n in range(200)])).rows)) == 200
