"""Words as hashes: what counts, what does not, and where each word stands."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.words import Texts, texts_of, texts_of_column
from smoltalk.words.fold import tables
from smoltalk.words.listed import words_in
from smoltalk.words.scan import NUMBER

WORDS = st.lists(st.text("abcdeéñжλ漢字ß", min_size=1, max_size=8) | st.integers(0, 9999).map(str), max_size=12)


def hashes(text: str) -> list[int]:
    return words_in(texts_of([[text]])).hashes.tolist()


def exact(text: str) -> list[int]:
    return words_in(texts_of([[text]])).exact.tolist()


def spans(text: str) -> list[str]:
    """The words as they stand in the text."""
    import numpy as np

    from smoltalk.words.scan import words_of

    data = np.frombuffer(text.encode(), np.uint8)
    arrays = [np.zeros(len(data) + 1, kind) for kind in (np.uint64, np.uint16, np.int64, np.int64)]
    count = words_of(data, 0, len(data), *tables(), *arrays, 0)
    return [data[b:e].tobytes().decode() for b, e in zip(arrays[2][:count], arrays[3][:count], strict=True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The quick fox", "THE QUICK FOX"),
        ("The quick fox", "the, quick -- fox!"),
        ("The quick fox", "the\u00a0quick\n\tfox"),
        ("The quick fox", "Ｔｈｅ ｑｕｉｃｋ ｆｏｘ"),
        ("The quick fox", "T\u200bhe qui\u00adck fox\ufeff"),
        ("The quick fox", "Thе quісk fох"),
        ("naïve café", "naive cafe"),
        ("naïve", "nai\u0308ve"),
        ("don't", "dont"),
        ("don’t", "DON'T"),
        ("Straße", "STRASSE"),
        ("ışık İ", "IŞIK i"),
        ("ﬁne", "fine"),
        ("x²", "x2"),
        ("Which Month Began", "Whісh Моnth Веgаn"),
        ("THAT MAN KNEW", "ТНАТ МАN КNЕW"),
        ("ZINC MYTH BY HEN", "ΖΙΝC ΜΥΤΗ ΒΥ ΗΕΝ"),
        ("bring the cat home", "brinɡ tհe cɑt հօme"),
        ("rapid fox", "ʀᴀᴘɪᴅ ꜰᴏx"),
        ("one two", "one\u3164two"),
        ("one two", "one\u115f\u1160\u2800two"),
        ("one two\n\tthree", r"one two\n\tthree"),
        ("one\r\nTwo 3\n4", r"one\r\nTwo 3\n4"),
        (r"\theta \neq \nu", r"\\theta \\neq \\nu"),
        (r"\theta \neq \nu", "theta neq nu"),
        ("МЫ ЗНАЕМ", "мы знаем"),
        ("ΗΜΕΡΑ ΒΑΖΟ", "ημερα βαζο"),
    ],
)
def test_what_does_not_count(one: str, other: str) -> None:
    assert hashes(one) == hashes(other)


@pytest.mark.parametrize(
    ("one", "other"), [("fox", "box"), ("a b", "ab"), ("漢字", "字漢"), ("a b", "b a"), ("ntr", r"\ntr")]
)
def test_what_counts(one: str, other: str) -> None:
    assert hashes(one) != hashes(other)


def test_numbers_that_follow_each_other_are_one_word_whose_digits_are_kept() -> None:
    assert hashes("7 + 12,000 = ?") == [NUMBER]
    assert hashes("1 apple") == hashes("25 apple")
    assert exact("1 apple") != exact("25 apple")
    assert exact("12") == exact("1 2") == exact("１２") == exact("١٢")
    assert exact("apple") == [0]


def test_scripts_without_spaces_give_a_word_a_character() -> None:
    assert spans("漢字です ok") == ["漢", "字", "で", "す", "ok"]
    assert len(hashes("สวัสดี")) >= 4


def test_a_word_is_told_with_its_place() -> None:
    assert spans("  It’s 3,5 «naïve»\u200b x") == ["It’s", "3,5", "naïve", "x"]


@given(WORDS, st.sampled_from([" ", "\n", "\u00a0", " , ", " \u200b ", "\t(", "... "]))
def test_spacing_and_case_change_nothing(words: list[str], gap: str) -> None:
    assert hashes(gap.join(words).upper()) == hashes(" ".join(words))


@given(st.text(max_size=60))
def test_any_text_is_read_and_a_space_before_it_changes_nothing(text: str) -> None:
    assert hashes(f" {text}") == hashes(text)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_utf8_do_no_harm(data: bytes) -> None:
    import numpy as np

    texts = Texts(np.frombuffer(data, np.uint8), np.array([0, len(data)]), np.array([0, 1]))
    assert len(words_in(texts).hashes) <= len(data)


def test_texts_of_rows_know_their_bounds() -> None:
    texts = texts_of([["ab", "c"], [], ["\ud800é"]])
    assert texts.offsets.tolist() == [0, 2, 3, 6]
    assert texts.rows.tolist() == [0, 2, 2, 3]
    assert texts.data.tobytes() == "abc?é".encode()
    words = words_in(texts)
    assert (len(words.hashes), words.bounds.tolist()) == (3, [0, 1, 2, 3])


TURNS = pa.struct([("role", pa.string()), ("content", pa.string())])


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        (pa.array(["a", None, "bc"]), [["a"], [""], ["bc"]]),
        (pa.array(["a", "b"], pa.large_string()), [["a"], ["b"]]),
        (pa.array([["a", "b"], None, [], ["c"]]), [["a", "b"], [], [], ["c"]]),
        (
            pa.array([[{"role": "user", "content": "hi"}], [{"role": "user", "content": None}]], pa.list_(TURNS)),
            [["hi"], [""]],
        ),
        (pa.array([], pa.string()), []),
    ],
    ids=["texts", "large", "lists", "turns", "none"],
)
def test_columns_are_read_as_they_lie(column: pa.Array, rows: list[list[str]]) -> None:
    def read(texts: Texts) -> list[list[str]]:
        every = [texts.data[a:b].tobytes().decode() for a, b in zip(texts.offsets[:-1], texts.offsets[1:], strict=True)]
        return [every[a:b] for a, b in zip(texts.rows[:-1], texts.rows[1:], strict=True)]

    assert read(texts_of_column(column)) == rows
    assert read(texts_of_column(column.slice(1))) == rows[1:]
    assert read(texts_of_column(column.slice(0, 1))) == rows[:1]


def test_a_column_without_texts_is_refused() -> None:
    with pytest.raises(TypeError, match="int64 holds no texts"):
        texts_of_column(pa.array([1, 2]))
