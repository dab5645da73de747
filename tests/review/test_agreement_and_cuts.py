"""How far people agree, by known figures; cuts by what must hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.review.agreement import Voice, agreement, kept_by, of_scores, voices
from smoltalk.review.choosing import above
from smoltalk.review.fitting import f1, fits
from smoltalk.review.records import Answer, Item, Turn

ITEM = Item(0, "a", "m", "sft", (Turn("user", "Hi"),))


def said(status: str, at: str, who: str = "ann", origin: str = "x", **values: str) -> Answer:
    return Answer("a", "m", who, status, values, at, at, origin)  # type: ignore[arg-type]


def test_who_takes_an_answer_back_has_said_nothing() -> None:
    given = [said("submitted", "1", decision="drop", origin="one"), said("discarded", "2", origin="another")]
    assert voices({"a": ITEM}, given) == []
    assert voices({"a": ITEM}, given[:1]) == [Voice(0, "ann", "drop")]


def test_kappa_of_a_known_table() -> None:
    table = {("keep", "keep"): 20, ("keep", "drop"): 5, ("drop", "keep"): 10, ("drop", "drop"): 15}
    pairs = [pair for pair, n in table.items() for _ in range(n)]
    given = [
        Voice(n, who, word) for n, pair in enumerate(pairs) for who, word in zip(("ann", "bob"), pair, strict=True)
    ]
    found = agreement(given)
    assert found.rows == 50 and found.pairs["ann", "bob"] == (50, pytest.approx(0.4))
    # nominal alpha: 1 - (n - 1) * observed / expected, coincidences 40/15/15/30 of 100 (Krippendorff 2011)
    assert found.alpha == pytest.approx(1 - 99 * 30 / (2 * 55 * 45))


def test_nothing_is_told_where_nobody_overlaps_or_all_say_the_same() -> None:
    assert agreement([Voice(0, "ann", "keep"), Voice(1, "bob", "drop")]).alpha is None
    same = agreement([Voice(0, "ann", "keep"), Voice(0, "bob", "keep")])
    assert same.alpha is None and same.pairs["ann", "bob"] == (1, None)


def test_scores_that_tell_come_first_and_constants_not_at_all() -> None:
    decided = {n: n > 2 for n in range(6)}
    rows = {n: {"good": float(n), "noise": float(n % 2), "same": 1.0, "label": "pass"} for n in range(6)}
    found = of_scores(decided, rows)
    assert [one.column for one in found] == ["good", "noise"] and found[0].auc == 1.0


def test_as_many_voices_for_as_against_decide_nothing() -> None:
    given = [Voice(0, "a", "keep"), Voice(0, "b", "drop"), Voice(1, "a", "chosen"), Voice(2, "a", "rejected")]
    assert kept_by(given) == {1: True, 2: False}


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40))
def test_the_best_cut_is_no_worse_than_any(pairs: list[tuple[int, bool]]) -> None:
    decided = {n: keep for n, (_, keep) in enumerate(pairs)}
    for fit in fits(decided, {n: {"score": float(score)} for n, (score, _) in enumerate(pairs)}):
        first = fit.curve[0]
        assert (first.recall, first.kept, first.precision) == (1.0, len(pairs), pytest.approx(fit.base))
        assert [point.recall for point in fit.curve] == sorted((p.recall for p in fit.curve), reverse=True)
        assert all(f1(fit.best) >= f1(point) for point in fit.curve)
        for point in fit.curve:
            kept = [keep for score, keep in pairs if score >= point.cut]
            assert point.kept == len(kept) and point.precision == pytest.approx(sum(kept) / len(kept))


def test_labels_above_a_cut() -> None:
    assert above(["excellent", "poor", "good"], 0.75) == ["good", "excellent"]
