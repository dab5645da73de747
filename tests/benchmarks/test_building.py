"""How items become a fingerprint: units by length, common wording left out, what repeats counted once."""

import json

from smoltalk.benchmarks import Item
from smoltalk.benchmarks import build as build_module
from smoltalk.benchmarks.build import build
from smoltalk.benchmarks.fingerprint import COMMON
from smoltalk.benchmarks.match import DIGITS, LONG, RUN, WHOLE

NAMES = [f"ship{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(COMMON + 6)]
LONG_ONE = "Which of the two ropes is the longer one, and by how many fathoms exactly?"


def kinds(*items: Item) -> list[tuple[int, int, int]]:
    """(item, kind, words) of each unit."""
    made = build("quays", items, "here")
    return list(zip(made.items.tolist(), made.kinds.tolist(), made.lengths.tolist(), strict=True))


def q(question: str, *choices: str) -> Item:
    return Item(question=question, choices=choices)


def test_units_by_length() -> None:
    assert kinds(q(LONG_ONE)) == [(0, LONG, 15)]
    assert kinds(q("How long is the rope on this old ship?")) == [(0, LONG, 9), (0, RUN, 9)]
    assert kinds(q("How long is the rope?")) == [(0, RUN, 5)]
    assert kinds(q("How long?")) == [(0, WHOLE, 2)]
    assert kinds(q("")) == []


def test_a_short_question_is_also_looked_for_with_its_choices() -> None:
    assert kinds(q("How long is the rope?", "two", "nine")) == [(0, RUN, 5), (0, LONG, 9)]
    assert kinds(q("How long?", "two", "nine")) == [(0, WHOLE, 2), (0, LONG, 6)]
    assert kinds(q("Long ropes?", "two", "nine")) == [(0, WHOLE, 2), (0, LONG, 6)]


def test_a_topic_and_everyday_words_are_looked_for_with_their_choices_alone() -> None:
    for question in ("Why?", "7", "Ropes:", "Who are you?", "What do you do?"):
        assert [kind for _, kind, _ in kinds(q(question, "a rope", "a sailor"))] == [LONG]
        assert [kind for _, kind, _ in kinds(q(question))] == [WHOLE]


def test_of_items_that_ask_the_same_without_choices_the_first_stands_for_all() -> None:
    items = [q(LONG_ONE), q("How long is the rope?"), Item(question="HOW LONG is the rope", answer="9")]
    assert kinds(*items) == [(0, LONG, 15), (1, RUN, 5)]
    assert kinds(q("How long?", "two", "nine"), q("How long?"), Item(question="how long", answer="2")) == [
        (0, LONG, 6),
        (1, WHOLE, 2),
    ]


def test_a_long_number_is_also_looked_for_within_a_text() -> None:
    assert kinds(q("((12 + 7) * -31) / 415 =")) == [(0, WHOLE, 1), (0, DIGITS, 1)]
    assert kinds(q("12 + 7 =")) == [(0, WHOLE, 1)]


def test_short_questions_that_several_items_ask_prove_nothing_without_their_choices() -> None:
    assert kinds(q("How long?", "two", "nine"), q("How long?", "three", "ten")) == [(0, LONG, 6), (1, LONG, 6)]


def test_an_item_that_is_listed_twice_is_one() -> None:
    twice = [q("How long is the rope?", "two", "nine")] * 2
    assert kinds(*twice)[::2] == [(0, RUN, 5), (1, RUN, 5)]
    named = [Item(question="How long?", id="a"), Item(question="How long?", id="b")]
    assert kinds(*named) == [(0, WHOLE, 2), (1, WHOLE, 2)]


def test_no_two_items_are_called_the_same() -> None:
    ids = ["a", "a", "", "2", "a#1", "a"]
    items = [Item(question=f"{LONG_ONE} {number}", id=id) for number, id in enumerate(ids)]
    assert build("quays", items, "").ids == ("a", "a#1", "2", "2#3", "a#1#4", "a#5")


def test_common_wording_is_left_out_where_enough_else_remains() -> None:
    wording = "What is the name of the ship with the"
    items = [q(f"{wording} {name} mast {name} sail {name} rope {name} lamp?") for name in NAMES]
    made = build("quays", items, "here")
    assert set(made.spread[:7].tolist()) == {0}
    assert min(made.spread[7:13].tolist()) > 0
    only = build("quays", [q(f"{wording} tallest and oldest mast {name}?") for name in NAMES], "")
    assert set(only.spread[:10].tolist()) == {COMMON}


def test_boilerplate_counts_as_common() -> None:
    made = build(
        "quays", [q("Answer the following question. Are ropes tied by hand by sailors of northern towns?")], ""
    )
    assert made.spread[:2].tolist() == [0, 0]
    assert made.spread[2:].min() == 1


def test_what_repeats_in_an_item_is_looked_for_once() -> None:
    made = build("quays", [q("Red rope knot, blue, red rope knot, green and many other ropes on board.")], "")
    assert made.spread[0] == 1 and made.spread[4] == 0


def test_the_manifest_counts_what_can_be_found() -> None:
    items = [q(LONG_ONE), q("How long?"), Item(question="how long", answer="9"), q("?!"), q("?", "a rope")]
    made = build("quays", items, "here")
    told = made.manifest
    assert (told.name, told.origin, told.rows, told.items) == ("quays", "here", 5, 4)
    assert made.unfound == ("3",)
    renamed = build("quays", [items[0].model_copy(update={"id": "7"}), *items[1:]], "here")
    assert renamed.manifest == told
    assert renamed.unfound == ("3",)
    assert build("quays", [*items, Item(question="…", id="dots")], "here").unfound == ("3", "dots")
    assert build("quays", [q(LONG_ONE)], "here").manifest.sha256 != told.sha256


def test_an_empty_benchmark_is_a_fingerprint_of_nothing() -> None:
    made = build("quays", [], "here")
    assert (len(made.grams), len(made.kinds), made.manifest.items, made.ids) == (0, 0, 0, ())


def test_what_is_hashed_of_an_item_is_its_json() -> None:
    item = Item(question='a\u2028\U0001f600"\\\n\x01é', choices=("x", "y\t"), passage="p", answer="", id="not this")
    said = {name: getattr(item, name) for name in ("question", "passage", "choices", "answer")}
    assert build_module._hashed(item) == json.dumps(said, sort_keys=True)
