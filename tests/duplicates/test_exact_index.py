"""Exact duplicates: compiled normalisation against the one in Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.duplicates import exact
from smoltalk.duplicates.exact import ExactIndex, digests
from smoltalk.duplicates.names import Names
from smoltalk.duplicates.near import NO_TEXT
from smoltalk.duplicates.simple import table
from smoltalk.duplicates.sketch import readonly
from smoltalk.text import normalise
from smoltalk.words import texts_of

LETTERS = "aAbB \t\n\x0b\x1c\x1f\u00a0ÄäﬁſİiK\u212bé\u0301ß\u200bｱﾞ가"


@settings(deadline=None)
@given(st.lists(st.lists(st.text(st.sampled_from(LETTERS), max_size=5), min_size=1, max_size=3), max_size=12))
def test_rows_are_equal_when_their_normal_forms_are(rows: list[list[str]]) -> None:
    forms = [[normalise(text) for text in texts] for texts in rows]
    found = ExactIndex().add(texts_of(rows)).earlier
    assert (found < 0).tolist() == [form not in forms[:at] for at, form in enumerate(forms)]


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_and_its_normal_form_have_one_digest(text: str) -> None:
    found = digests(texts_of([[text], [normalise(text)]]), 0, 2)
    assert (found[0] == found[1]).all()


def hashed_as_it_is(text: str) -> list[int]:
    """The digest of a text that is normalised already."""
    texts, found = texts_of([[text]]), np.zeros((1, 2), np.uint64)
    exact._digest(readonly(texts.data), texts.offsets, texts.rows, 0, 1, *table(), found, np.full(1, -1, np.int8))
    return [int(one) for one in found[0]]


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=20) | st.text(st.sampled_from(LETTERS + "“é…中가😀ﷺ①Ω")))
def test_a_digest_is_that_of_the_normal_form(text: str) -> None:
    assert [int(one) for one in digests(texts_of([[text]]), 0, 1)[0]] == hashed_as_it_is(normalise(text))


def test_every_character_between_two_others() -> None:
    codes = [code for code in range(128, 0x1FB00) if not 0xD800 <= code < 0xE000]
    texts = [f"e{chr(code)}a" for code in codes]
    found = digests(texts_of([[text] for text in texts]), 0, len(texts))
    plain = digests(texts_of([[normalise(text)] for text in texts]), 0, len(texts))
    assert (found == plain).all()


def test_many_rows_outgrow_the_table_and_keep_their_numbers() -> None:
    texts = texts_of([[f"row {number % 9_000}"] for number in range(27_000)])
    index = ExactIndex()
    found = index.add(texts).earlier
    assert index.kept == 9_000
    assert (found[:9_000] == -1).all()
    assert found[9_000:].tolist() == [*range(9_000)] * 2


def test_rows_of_no_texts_are_not_equal() -> None:
    assert ExactIndex().add(texts_of([[], [], [""], [" "]])).earlier.tolist() == [NO_TEXT, NO_TEXT, -1, 0]


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_names_are_kept(names: list[str]) -> None:
    kept = Names()
    kept.extend(names)
    assert [kept[number] for number in range(len(kept))] == names
