"""The measurement of the embedding stage: an edited copy has its item among its nearest, another text has none."""

from bench.contamination_meaning import LEAST, TOP, Near
from bench.contamination_set import Case

PAIRS = {"lamps": "Vell", "ropes": "Orrin", "sails": "Calder", "nets": "Strand", "oars": "Ilmen"}
ITEMS = [f"How many {what} does the keeper of {where} carry up before the storm?" for what, where in PAIRS.items()]


def test_an_edited_copy_is_brought_and_another_text_is_not() -> None:
    texts = [ITEMS[2].replace("storm", "rain"), "Bread is sold by weight on market days.", ""]
    cases = [Case("light", "x", (("user", text),), None) for text in texts]
    near, other, empty = Near(ITEMS).of(cases)
    assert 2 in near and len(near) <= TOP == 3
    assert (other, empty, LEAST) == (set(), set(), 0.5)
