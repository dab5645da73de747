"""Gates that hold a text to a length: against another text, or in sentences."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from smoltalk.contracts import KEEP, Verdict
from smoltalk.gates.ratio import Ratio
from smoltalk.gates.sentences import Sentences

COUNTS = st.integers(min_value=1, max_value=60)


@given(COUNTS, COUNTS, st.floats(0, 2), st.floats(0, 2))
def test_ratio_keeps_what_is_within_its_bounds(of: int, to: int, one: float, two: float) -> None:
    low, high = sorted((one, two))
    verdict = Ratio(min=low, max=high).judge({"response": "word " * of, "text": "term " * to})
    assert verdict.keep == (low * to <= of <= high * to)


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (10, KEEP),
        (15, KEEP),
        (9, Verdict(False, "ratio_too_low", {"lengths": [9, 100], "ratio": 0.09, "min": 0.1})),
        (16, Verdict(False, "ratio_too_high", {"lengths": [16, 100], "ratio": 0.16, "max": 0.15})),
    ],
)
def test_ratio_says_why(words: int, verdict: Verdict) -> None:
    found = Ratio(min=0.1, max=0.15).judge({"response": "word " * words, "text": "term " * 100})
    named = {"of": "response", "to": "text", "unit": "words"} if not verdict.keep else {}
    assert found == Verdict(verdict.keep, verdict.reason, named | verdict.evidence)


def test_ratio_counts_characters_too_and_conversations_whole() -> None:
    row = {"response": "abcd", "text": [{"role": "user", "content": "ab"}, {"role": "assistant", "content": "ab"}]}
    assert Ratio(unit="chars", min=1, max=1).judge(row) == KEEP


@pytest.mark.parametrize("row", [{}, {"response": "a"}, {"text": "a"}, {"response": " ", "text": "a"}])
def test_ratio_wants_two_texts(row: dict[str, Any]) -> None:
    assert Ratio(max=1).judge(row).reason == "missing_column"


def test_other_rows_are_kept() -> None:
    row = {"style": "friendly", "response": "One. Two. Three.", "text": "one"}
    ratio, sentences = Ratio(max=1, only={"style": "concise"}), Sentences(max=2, only={"style": ("concise",)})
    assert ratio.reads() == {"response", "text", "style"} and sentences.reads() == {"response", "style"}
    assert ratio.judge(row) == sentences.judge(row) == KEEP
    row["style"] = "concise"
    assert not ratio.judge(row).keep and not sentences.judge(row).keep


@given(st.integers(min_value=0, max_value=12))
def test_sentences_are_counted(count: int) -> None:
    gate = Sentences(min=2, max=5)
    verdict = gate.judge({"response": " ".join(["He came at 9.30 a.m. with Mr. Low."] * count)})
    assert verdict.keep == (2 <= count <= 5)
    if not verdict.keep:
        assert verdict.reason == ("too_few_sentences" if count < 2 else "too_many_sentences")
        assert verdict.evidence["sentences"] == count


@pytest.mark.parametrize(
    ("gate", "fields", "sentence"),
    [
        (Ratio, {}, "`min`, `max` or both"),
        (Ratio, {"min": 2, "max": 1}, "no row can pass"),
        (Ratio, {"max": -1}, "greater than or equal"),
        (Sentences, {"min": 4, "max": 3}, "no row can pass"),
        (Sentences, {"max": 0}, "greater than or equal"),
    ],
)
def test_impossible_bounds_are_refused(gate: Any, fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        gate(**fields)
