"""Forms of retold documents: a text of each passes, and each way of breaking it is seen."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.forms import FORMS, fault
from smoltalk.forms.problems import calculated
from smoltalk.verifiers.document_form import DocumentForm

TABLE = (
    "Locks compared\n\n| lock | rise | gates |\n|---|:--:|---|\n| upper | 3 m | oak |\n| lower | 2 m | steel \\| oak |"
)
PROBLEM = (
    "Problem: A lock is filled in 12 minutes and emptied in 8. How long do 4 boats one way take?\n"
    "Solution: One passage takes 12 + 8 = 20 minutes.\nSo it is 4 × 20 = 80 minutes.\nAnswer: 80 minutes"
)
FAQ = (
    "# Locks\n### What is a lock?\nA chamber with two gates.\n### Who opens it?\nThe keeper does.\n"
    "### Is it slow?\nIt takes twenty minutes."
)
QA = (
    "Question: What lifts the boat?\nAnswer: Water.\nQuestion: Are the gates of oak?\nAnswer: Yes.\n"
    "Question: How long does it take?\nAnswer: Twenty minutes\nin all."
)
TUTORIAL = (
    "# Through a lock\nThis shows how to pass a lock with a small boat.\n1. Wait below for the green light.\n"
    "2. Steer in and hold the rope.\nKeep it loose.\n3. Leave when the gate is open."
)
FACTS = "\n".join(f"- The {name} gate is made of oak." for name in ("upper", "lower", "first", "second", "third"))
WIKI = (
    "# Canal lock\nA canal lock is a chamber between two gates that lifts boats from one level to another.\n"
    "## Use\nBoats enter at the lower gate.\n## History\nThe first were built of wood."
)
SOUND = {"table": TABLE, "problem": PROBLEM, "faq": FAQ, "qa": QA, "tutorial": TUTORIAL, "facts": FACTS, "wiki": WIKI}


def test_every_form_has_a_sound_text_here() -> None:
    assert SOUND.keys() == FORMS.keys()


@pytest.mark.parametrize("form", SOUND)
def test_a_text_has_its_form_and_no_other(form: str) -> None:
    assert {other for other in FORMS if not fault(other, SOUND[form])} == {form}


@pytest.mark.parametrize(
    ("form", "old", "new", "said"),
    [
        ("table", "| upper | 3 m | oak |", "| upper | 3 m |", "row 1 has 2 cells under 3"),
        ("table", "|---|:--:|---|", "|---|---|", "rule"),
        ("table", "|---|:--:|---|\n", "", "rule"),
        ("table", "| upper | 3 m | oak |\n", "", "1 rows"),
        ("table", "| upper | 3 m | oak |\n", "| upper | 3 m | oak |\n\n", "interrupted"),
        ("table", "rise", "Lock", "no name of its own"),
        ("table", "| upper | 3 m | oak |", "| | | |", "quarter"),
        ("table", "Locks compared", "Locks " * 61, "61 words stand beside"),
        ("problem", "12 + 8 = 20", "12 + 8 = 21", "is wrong: 12 + 8 is 20"),
        ("problem", "4 × 20 = 80", "four times 20 = 80", "numbers alone"),
        ("problem", "Answer: 80", "Answer: 81", "answers 81"),
        ("problem", "Answer: 80 minutes", "Answer: many", "holds no number"),
        ("problem", "12 + 8 = 20 minutes.\nSo it is 4 × 20 = 80", "80", "no calculation"),
        ("problem", "Problem:", "Here you are.\nProblem:", "parts"),
        ("faq", "### Is it slow?\nIt takes twenty minutes.", "", "2 questions"),
        ("faq", "Is it slow?", "It is slow.", "question mark"),
        ("faq", "The keeper does.\n", "", "question 2 has no answer"),
        ("faq", "Is it slow?", "What is a  lock?", "twice"),
        ("faq", "It takes twenty minutes.", "A chamber with two gates.", "an answer stands there twice"),
        ("qa", "Answer: Water.\n", "", "question 1 has no answer"),
        ("qa", "Question: Are the gates of oak?\n", "", "answer 2 has no question"),
        ("qa", "Answer: Yes.", "Yes.", "neither"),
        ("tutorial", "2. Steer", "4. Steer", "1, 2, 3"),
        ("tutorial", "This shows how to pass a lock with a small boat.\n", "", "opening"),
        ("tutorial", "# Through", "Through", "title"),
        ("tutorial", "3. Leave when the gate is open.", "", "2 numbered steps"),
        ("tutorial", "Steer in and hold the rope.\nKeep it loose.", "Go.", "step 2 says nothing"),
        ("facts", "- The third gate is made of oak.", "", "4 facts"),
        ("facts", "third", "first", "twice"),
        ("facts", "- The third gate is made of oak.", "- oak", "no whole sentence"),
        ("wiki", "# Canal", "Canal", "title"),
        ("wiki", "## Use", "# Use", "more than one title"),
        ("wiki", "A canal lock is", "This", "does not name"),
        ("wiki", "Boats enter at the lower gate.", "You steer into the lower gate.", "says `You`"),
        ("wiki", "Boats enter at the lower gate.\n", "", "section `Use` says nothing"),
    ],
)
def test_each_way_of_breaking_it_is_seen(form: str, old: str, new: str, said: str) -> None:
    assert old in SOUND[form]
    assert said in fault(form, SOUND[form].replace(old, new))


def test_names_that_look_like_persons_address_nobody() -> None:
    assert fault("wiki", WIKI.replace("Boats", "Under Elizabeth I the boats of the US")) == ""
    assert "says `I`" in fault("wiki", WIKI.replace("Boats", "As far as I know, boats"))
    assert "says `We`" in fault("wiki", WIKI.replace("Boats", "We know that boats"))


def test_lists_inside_of_steps_are_no_steps() -> None:
    assert fault("tutorial", TUTORIAL.replace("Keep it loose.", "Keep it loose:\n   1. by hand\n   2. by foot")) == ""


def test_questions_of_one_kind_only_are_no_examination() -> None:
    text = "\n".join(f"Question: Is gate {n} open?\nAnswer: Gate {n} is open now." for n in range(4))
    assert fault("qa", text) == "all questions begin with `is`"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 × 4", "14"), ("(2 + 3) * 4", "20"), ("7 - 2 - 1", "4"), ("7-2", "5"), ("12 / 4 / 3", "1"),
        ("-3 + 5", "2"), ("$1,200.50 + $9.50", "1210"), ("20% × 80", "16"), ("2 - -1", "3"), ("3 −1", "2"),
    ],
)  # fmt: skip
def test_calculations_have_their_value(text: str, value: str) -> None:
    assert calculated(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "1 /0", "2 +", "(2", "2)", "2 3", "a + 1", "2 ** 3 **", "1+" * 90 + "1", "((((" * 99]
)
def test_what_is_no_calculation_has_no_value(text: str) -> None:
    assert calculated(text) is None


@given(st.lists(st.integers(0, 999), min_size=1, max_size=8), st.data())
def test_calculations_agree_with_python(numbers: list[int], data: st.DataObject) -> None:
    text = str(numbers[0])
    for number in numbers[1:]:
        text += f" {data.draw(st.sampled_from('+-*'))} {number}"
    assert calculated(text) == eval(text)


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("10 / 3 = 3.33", True),
        ("10 / 3 = 3.34", False),
        ("10 / 3 ≈ 3", True),
        ("10 / 3 = 3", False),
        ("2 + 3 + 4 = 5 + 4 = 9", True),
        ("2 + 3 + 4 = 5 + 3 = 8", False),
        ("3 - 5 = -2", True),
        ("9 = 9", False),
    ],
)
def test_results_are_as_exact_as_they_are_written(said: str, right: bool) -> None:
    text = f"Problem: Share 10 by 3.\nSolution: {said}. So it is.\nAnswer: {said.split()[-1]}"
    assert (fault("problem", text) == "") is right


@given(st.text(max_size=400))
def test_any_text_gets_a_word(text: str) -> None:
    for form in FORMS:
        fault(form, text)


@pytest.mark.parametrize(
    "text",
    [
        "Problem: x\nSolution:\n" * 2_000, "Problem:" * 6_000,
        "Problem: 1\nSolution: " + "1 + " * 12_000 + "\nAnswer: 1",
        "Problem: 1\nSolution: " + "1+1=2 " * 8_000 + "\nAnswer: 2",
        "Problem: 1\nSolution: " + "1 = " * 12_000 + "\nAnswer: 1", "|" * 49_000, "# a\n" + "I " * 24_000,
        "Question: " * 4_900, "# a\nb c d e f\n" + "1. " * 16_000, "*" * 49_000, " " * 40_000 + "x", "(" * 49_000,
    ],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_hostile_texts_are_looked_at_in_linear_time(text: str) -> None:
    for form in FORMS:
        fault(form, text)


def test_a_long_text_has_no_form() -> None:
    assert "characters" in fault("table", "| a | b |\n" * 10_000)


def test_the_verifier_names_the_form_and_the_fault() -> None:
    verifier = DocumentForm()
    row = {"response": PROBLEM, "style": "problem", "text": "It takes 12 minutes to fill."}
    assert verifier.verify(row).verdict == "pass"
    outcome = verifier.verify({**row, "text": "It takes long."})
    assert (outcome.verdict, outcome.reason) == ("fail", "the problem has no number of the document")
    outcome = verifier.verify({**row, "style": "faq"})
    assert (outcome.verdict, outcome.reason) == ("fail", "not a faq: it has 0 questions, not 3 to 8")
    assert verifier.verify({**row, "style": "poem"}).verdict == "unknown"
    assert verifier.verify({**row, "response": None}).verdict == "unknown"
