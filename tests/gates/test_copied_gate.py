"""Copied: an answer that only repeats its source is turned away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.contracts import KEEP
from smoltalk.gates.copied import Copied

WORDS = st.lists(st.sampled_from(["red", "green", "blue", "one", "two", "three"]), min_size=1, max_size=40)


@given(WORDS)
def test_a_copy_is_found_however_it_is_written(words: list[str]) -> None:
    verdict = Copied().judge({"response": ", ".join(words).upper() + "!", "text": " ".join(words)})
    assert (verdict.reason, verdict.evidence["share"]) == ("copied", 1.0)


@given(WORDS, WORDS)
def test_a_copied_piece_of_the_source_is_a_copy(before: list[str], piece: list[str]) -> None:
    assert Copied().judge({"response": " ".join(piece), "text": " ".join([*before, *piece])}).reason == "copied"


@given(WORDS)
def test_new_words_are_none(words: list[str]) -> None:
    assert Copied(most=0).judge({"response": " ".join(f"x{word}" for word in words), "text": " ".join(words)}) == KEEP


def test_the_share_is_that_of_the_answers_ngrams() -> None:
    row = {"response": "the cat sat on the mat today and slept", "text": "yesterday the cat sat on the mat and ate"}
    shared = Copied(most=0.1, ngram=4).judge(row).evidence
    assert shared == {"column": "response", "share": 0.5, "most": 0.1}  # 3 of 6 runs of four words
    assert Copied(most=0.5, ngram=4).judge(row) == KEEP


@pytest.mark.parametrize("row", [{}, {"response": "a"}, {"text": "a"}, {"response": "...", "text": "a"}])
def test_two_texts_are_wanted(row: dict[str, Any]) -> None:
    assert Copied().judge(row).reason == "missing_column"


def test_other_rows_are_kept() -> None:
    gate = Copied(only={"form": "tenth"})
    assert gate.reads() == {"response", "text", "form"}
    assert gate.judge({"response": "a b", "text": "a b", "form": "line"}) == KEEP
    assert not gate.judge({"response": "a b", "text": "a b", "form": "tenth"}).keep
