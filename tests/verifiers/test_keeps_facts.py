"""KeepsFacts: numbers, names and addresses are kept, and none are added."""

import string
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.contracts import Outcome
from smoltalk.verifiers.keeps_facts import KeepsFacts

MAIL = """Hi Maria,

I just wanted to let you know that the meeting on Friday 12 September at 09:00 is moved to Room 4B. We invited 1,200
people, e.g. Tom O'Neil and ACME. Please write to tom@acme.example or see https://acme.example/x.
THIS IS URGENT.

Best,
Ann"""


def verdict(source: str, answer: str, **fields: Any) -> Outcome:
    return KeepsFacts(**fields).verify({"text": source, "response": answer})


@pytest.mark.parametrize(
    "answer",
    [
        MAIL,
        MAIL.upper(),
        "Maria, Room 4B it is: Friday, 12 Sept, 9 a.m. 1200 are invited, Tom O'Neil's people and ACME among them. Ask "
        "https://acme.example/x, tom@acme.example",
        "Hello Maria, please note:\n1. Friday 12 September, 9:00, room 4B\n2. invited: 1200, ACME, Tom O’Neil\n"
        "3. contact: TOM@acme.example, https://acme.example/x",
    ],
)
def test_other_words_for_the_same_facts_pass(answer: str) -> None:
    assert verdict(MAIL, answer).verdict == "pass"


@pytest.mark.parametrize(
    ("cut", "lost"),
    [
        ("Maria", "Maria"),
        ("Friday ", "Friday"),
        ("12 ", "12"),
        ("09:00", "09:00"),
        ("1,200", "1,200"),
        ("O'Neil", "O'Neil"),
        ("ACME", "ACME"),
        ("tom@acme.example", "tom@acme.example"),
    ],
)
def test_a_fact_that_is_cut_is_named(cut: str, lost: str) -> None:
    assert verdict(MAIL, MAIL.replace(cut, "")) == Outcome(verdict="fail", reason=f"loses `{lost}`")


@pytest.mark.parametrize(
    ("more", "added"),
    [
        ("It takes 3 hours.", "3"),
        ("Ask for Paul.", "Paul"),
        ("Or call @acme_desk.", "@acme_desk"),
        ("See www.b.example.", "www.b.example."),
    ],
)
def test_a_fact_that_is_added_is_named(more: str, added: str) -> None:
    assert verdict(MAIL, f"{MAIL}\n{more}") == Outcome(verdict="fail", reason=f"adds `{added}`")
    assert verdict(MAIL, f"{MAIL}\n{more}", adds=True).verdict == "pass"


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("it was -5 and −6", "it was minus five, then minus 6"),
        ("it was minus seven", "it was -7"),
        ("we need 0.5 l", "we need .5 l"),
        ("1000 came, then 2,350", "one thousand came, then two thousand three hundred and fifty"),
        ("from 5-10 people", "10 people, at least 5"),
        ("it is on the 2nd floor, 3.50 euros", "3.5 euros, on the second floor"),
        ("we need 25 chairs by 3 March", "Twenty-five chairs are needed by 3 March."),
        ("from 2026-03-05 at 14:30", "On 5 March 2026, 14:30"),
        ("on 5 Mar 2026", "2026-03-05"),
        ("we met the Smiths at the Smith's house", "it was at Smith, I think"),
        ("I said this to Ben NOW and he did NOT listen", "I have said this to Ben, and he has yet to answer"),
        ("ask Mia. The new Team will help", "Ask Mia, we will help."),
        ("we ate Cake, since cake is good, said Ida", "Ida liked it"),
        ("Our New Room Plan For This Summer\nplease come, Ida", "please come, Ida, the room plan is new"),
    ],
)
def test_the_same_fact_in_another_form(source: str, answer: str) -> None:
    assert verdict(source, answer).verdict == "pass"


def test_a_summary_may_leave_out_but_not_add() -> None:
    assert verdict(MAIL, "The meeting moves to Room 4B.", least=0).verdict == "pass"
    assert verdict(MAIL, "The meeting moves to Room 5.", least=0).reason == "adds `5`"
    assert verdict(MAIL, "Maria, Friday 12 September at 9, Room 4: 1200, Tom O'Neil.", least=0.7).verdict == "pass"
    assert verdict(MAIL, "Maria, Friday 12 September.", least=0.7).verdict == "fail"


NAMES = st.lists(st.text(string.ascii_lowercase, min_size=5, max_size=9), min_size=1, max_size=5, unique=True)
NUMBERS = st.lists(st.integers(min_value=20, max_value=10**7), min_size=1, max_size=5, unique=True)


@given(NAMES, NUMBERS, st.randoms(use_true_random=False))
def test_order_and_words_are_free_and_nothing_else(names: list[str], numbers: list[int], rng: Any) -> None:
    facts = [f"zq{name}".title() for name in names] + [f"{number:,}" for number in numbers]
    source = "Yesterday we saw " + ", then ".join(facts) + " there."
    shuffled = rng.sample(facts, len(facts))
    assert verdict(source, "Seen: " + "; also ".join(shuffled)).verdict == "pass"
    assert verdict(source, "Seen: " + "; also ".join([*shuffled[1:], "more"])).verdict == "fail"
    assert verdict(source, "Seen: " + "; also ".join([*shuffled, "Zqxaddendum"])).verdict == "fail"
    assert verdict(source, "Seen: " + "; also ".join([*shuffled, "7"])).verdict == "fail"


@given(st.text(max_size=300))
def test_every_text_keeps_its_own_facts(text: str) -> None:
    assert verdict(text, text).verdict in ("pass", "unknown")


@pytest.mark.parametrize(("source", "answer"), [("", "text"), ("text", " "), (None, "text")])
def test_nothing_to_compare_is_unknown(source: Any, answer: str) -> None:
    assert verdict(source, answer).verdict == "unknown"


def test_nothing_is_asked_of_other_rows() -> None:
    verifier = KeepsFacts(only={"style": "concise"})
    assert verifier.reads() == {"response", "text", "style"}
    outcome = verifier.verify({"text": "see 5", "response": "6", "style": "friendly"})
    assert (outcome.verdict, outcome.reason) == ("unknown", "not checked"), "nobody has looked, so it is no pass"
    assert verifier.verify({"text": "see 5", "response": "6", "style": "concise"}).verdict == "fail"


@pytest.mark.parametrize("piece", ["1,", "A ", "a@", "1:", "Aa'", "www.", " A&", "1.1", "@", "\n1. "])
def test_hostile_texts_take_no_longer_than_others(piece: str) -> None:
    """A pattern that backtracks would take minutes here, not milliseconds."""
    begin = time.process_time()
    verdict(piece * 50_000, piece * 50_000)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("source", "answer"),
    [("it was -5", "it was 5"), ("it was 5", "it was -5"), ("it was -5", "it was five"), ("5 to -5", "it was -5")],
)
def test_a_sign_is_part_of_its_number(source: str, answer: str) -> None:
    assert verdict(source, answer).verdict == "fail"


def test_twenty_and_one_are_not_twenty_one() -> None:
    assert verdict("we met 21 people", "we met twenty people and one dog").reason == "loses `21`"


def test_a_text_that_is_too_long_to_compare_is_unknown() -> None:
    long = "x " * 30_000 + "then Zorro won 7 prizes"
    for source, answer in ((long, "Zorro won 7 prizes"), ("Zorro won 7 prizes", long)):
        assert verdict(source, answer, least=0).verdict == "unknown"
