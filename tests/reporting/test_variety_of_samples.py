"""How much rows differ: n-grams, openings and neighbours, against counting by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.reporting.repeated import duplicates, words_of_row
from smoltalk.reporting.sampled import Row
from smoltalk.reporting.turned_away import TurnedAway
from smoltalk.reporting.varied import diversity, languages

WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=12).map(" ".join)


def row(asked: str, answered: str = "Yes.", id: str = "r") -> Row:
    """A row of one exchange."""
    return Row(id, "s", "train", (("user", asked, 0), ("assistant", answered, 0)), 0, {})


def by_hand(texts: list[str], n: int) -> float:
    """Different n-grams over all of them; none crosses the end of a text."""
    grams = [tuple(words[at : at + n]) for text in texts if (words := text.split()) for at in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8))
def test_distinct_n_is_counted_as_by_hand(texts: list[str]) -> None:
    found = diversity([row(text) for text in texts])
    assert found is not None
    user = found.distinct[0]
    assert (user.what, user.words) == ("user", sum(len(text.split()) for text in texts))
    assert [user.one, user.two, user.three] == pytest.approx([by_hand(texts, n) for n in (1, 2, 3)])


def test_numbers_are_different_words() -> None:
    found = diversity([row("1 and 2 and 3")])
    assert found is not None and found.distinct[0].one == pytest.approx(4 / 5)


def test_openings() -> None:
    found = diversity(
        [row("What is the time?"), row("what IS the date"), row("Why?"), row("Why?"), row("Who goes there")]
    )
    assert found is not None
    users = [(one.words, one.rows, one.share) for one in found.openings if one.role == "user"]
    assert users == [("what is the", 2, 0.4), ("why", 2, 0.4)]
    assert {one.label: one.n for one in found.repeated_openings} == {"user": 4, "assistant": 5}


def test_neighbours() -> None:
    found = diversity([row("How do I boil an egg?"), row("how do i boil an egg"), row("Name three rivers of France.")])
    assert found is not None
    assert found.neighbour_sample == 3
    assert found.close == pytest.approx(2 / 3)


def test_languages_are_named() -> None:
    texts = ["Das Wetter ist heute wirklich sehr schön in Berlin.", "The weather is lovely in London today.", "42"]
    found = languages([row("x", text) for text in texts])
    assert found is not None
    assert {one.label: one.n for one in found.counts} == {"German": 1, "English": 1, "not told": 1}
    assert found.counts[-1].label == "not told"


def test_nothing_to_look_at() -> None:
    assert (diversity([]), languages([]), duplicates(TurnedAway(), {}, [], [], [])) == (None, None, None)


def test_duplicates_left_are_found_by_kind() -> None:
    base = " ".join(f"word{letter * 3}" for letter in "abcdefghijklmnopqrstuvwxyz")
    sample = [
        row(base, base, id="1"),
        row(base.upper(), f" {base}", id="2"),
        row(f"{base} more", base, id="3"),
        row(base, "Something else altogether, and not a word of it is in the others.", id="4"),
        row("A question of its own?", "An answer of its own.", id="5"),
    ]
    found = duplicates(TurnedAway(), {}, sample, [], [])
    assert found is not None
    assert (found.sample, found.left_exact, found.left_near, found.left_prompts) == (5, 1, 2, 3)
    assert [(pair[1], pair[3]) for pair in found.pairs] == [("1", "2"), ("1", "3")]


def test_words_of_a_row_are_short() -> None:
    assert words_of_row(row("a" * 999, "b" * 999)).startswith("a" * 150 + " → b")
    assert len(words_of_row(row("a" * 999, "b" * 999))) == 300
