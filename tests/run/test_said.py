"""The card tells how the labels are spread that gates judge by, over kept and rejected rows."""

from smoltalk.gates.complete import Complete
from smoltalk.gates.one_of import OneOf
from smoltalk.run.said import Said

GATES = [("one_of_quality", OneOf(column="quality", values=("good",))), ("complete", Complete())]


def test_shares_are_told_most_frequent_first() -> None:
    said = Said(GATES)
    for label in ("good", "good", "poor", None):
        said.see({"quality": label, "other": "x"})
    assert said.section().splitlines()[2:] == ["| `quality` | `good` 50.0%, `None` 25.0%, `poor` 25.0% |"]


def test_labels_are_text_that_cannot_break_the_table() -> None:
    said = Said(GATES)
    said.see({"quality": "a|b`c\n| d |"})
    assert said.section().splitlines()[2:] == ["| `quality` | ``a\\|b`c \\| d \\|`` 100.0% |"]


def test_a_column_of_many_labels_is_cut_short_and_one_of_endless_values_is_left_out() -> None:
    said = Said(GATES)
    for n in range(99):
        said.see({"quality": n})
    assert said.section().endswith(", others 87.9% |")
    said.see({"quality": 99})
    assert said.section() == ""


def test_without_judged_columns_there_is_nothing_to_say() -> None:
    said = Said(GATES[1:])
    said.see({"quality": "good"})
    assert said.section() == Said().section() == ""
