"""What a report says of people is what they answered, whatever the run is about, and names nobody."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from smoltalk.reporting.figures import Count
from smoltalk.reporting.findings import Findings
from smoltalk.reporting.funnel import funnel
from smoltalk.reporting.gather import gather
from smoltalk.reporting.page import page
from smoltalk.reporting.page_people import people_tables, people_words
from smoltalk.reporting.page_verdicts import verdicts
from smoltalk.reporting.people import Became, People
from smoltalk.reporting.people_rows import edits
from smoltalk.reporting.remarks import of_people
from smoltalk.review.runs import Reviewed
from smoltalk.run.journal import Fate
from smoltalk.run.ledger import Books
from tests.reporting.made_findings import whole
from tests.reporting.made_people import people
from tests.reporting.report_runs import made
from tests.reporting.reviewed_runs import REVIEWED, preferred, reviewed, talk
from tests.run.published_runs import accepted, loaded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reviewed")


@pytest.fixture(scope="module")
def found(folder: Path) -> Findings:
    """The findings of a reviewed run of conversations."""
    return gather(talk(folder))


@pytest.fixture(scope="module")
def said(found: Findings) -> People:
    assert found.people is not None
    return found.people


def test_what_became_of_rows_is_what_the_books_say(found: Findings, said: People) -> None:
    assert said.became == [
        Became("kept as it was", "accepted", 20), Became("edited", "accepted", 4), Became("dropped", "rejected", 10),
        Became("held back", "rejected", 2), Became("waits for answers", "pending", 12),
    ]  # fmt: skip
    o = found.overview
    assert (o.born, o.accepted, o.rejected, o.pending) == (49, 24, 13, 12)
    assert o.rejected == 1 + sum(one.rows for one in said.became if one.fate == "rejected")


def test_answers_are_counted_by_person_and_kind(said: People) -> None:
    assert (said.answers, said.drafts, said.discarded, said.stale, said.rows) == (56, 1, 0, 1, 36)
    assert [(one.letter, one.rows) for one in said.people] == [("A", 36), ("B", 18)]
    assert all(sum(count.n for count in one.said) == one.rows for one in said.people)
    assert said.people[0].said[1] == Count("edit", 4)
    assert said.issues == [Count("wrong", 12), Count("incomplete", 6)]


def test_agreement_and_cuts_are_those_that_review_tells(folder: Path, said: People) -> None:
    from smoltalk.review.findings import findings
    from smoltalk.run.folder import RunFolder

    told = findings(Reviewed(RunFolder(folder / "run"), loaded(folder, text=REVIEWED)))
    assert (said.shared, said.alpha) == (told.agreement.rows, told.agreement.alpha)
    assert [(one.rows, one.kappa) for one in said.pairs] == list(told.agreement.pairs.values())
    assert [(one.column, one.auc) for one in said.scores] == [(one.column, one.auc) for one in told.scores]
    assert [(one.column, one.gate, one.line, one.proposed.cut) for one in said.cuts] == [
        (one.fit.column, one.gate, one.line, one.fit.best.cut) for one in told.cuts
    ]
    assert all(0 < one.error < 0.15 for one in said.scores)


def test_an_edit_shows_what_changed(said: People) -> None:
    first = said.edits[0]
    assert [text for differs, text in first.before if differs] == ["Certainly! ", "Anything else?"]
    assert [text for differs, text in first.after if differs] == ["</blockquote>"]


def test_of_long_answers_the_change_is_shown() -> None:
    line = Fate(
        0, "x", "accepted", "", "", '{"human":{"original":"' + "same " * 900 + 'old"}}',
        '{"id":"x","messages":[{"role":"assistant","content":"' + "same " * 900 + 'new"}]}',
    )  # fmt: skip
    (edit,) = edits([line])
    assert (edit.before[-1], edit.after[-1]) == ((True, "old"), (True, "new"))
    assert sum(len(text) for _, text in edit.before) < 100


def test_rows_that_people_do_not_agree_on_are_shown(said: People) -> None:
    assert said.disputed
    for one in said.disputed:
        assert {word for _, word in one.said} == {"keep", "drop"}
        assert one.texts[0][0] == "user" and "<i>" in one.texts[0][1]


def test_the_page_names_no_reviewer(found: Findings) -> None:
    made_page = page(found)
    assert "bob" not in made_page and "ann" not in made_page.replace("cannot", "")
    dropped = [one for one in found.turned_away if one.reason == "dropped"]
    assert dropped and all(one.evidence in ([("drop", "1")], [("drop", "2")]) for one in dropped)


def test_rows_that_wait_are_pending_everywhere(found: Findings) -> None:
    assert [(one.name, one.came, one.left) for one in found.funnel[-2:]] == [
        ("human", 48, 12), ("human (pending)", 36, 12),
    ]  # fmt: skip
    (origin,) = found.origins
    assert (origin.born, origin.accepted, origin.rejected, origin.pending) == (49, 24, 13, 12)
    waits = [one for one in found.turned_away if one.fate == "pending"]
    assert waits and {(one.gate, one.reason) for one in waits} == {("human", "awaits_review")}
    balance = verdicts(found)[0]
    assert (balance.level, balance.told.endswith("+ 12 pending")) == ("pass", True)
    assert any("12 rows are held back" in one.sentence for one in found.remarks)


def test_people_come_last_in_the_funnel(tmp_path: Path) -> None:
    reasons = [
        ("rejected", "human", "tie", 2),
        ("rejected", "of_old", "x", 1),
        ("pending", "human", "awaits_review", 3),
    ]
    stages = funnel(loaded(tmp_path, text=REVIEWED), Books(born=9, reasons=reasons))
    assert [one.name for one in stages[-3:]] == ["of_old", "human", "human (pending)"]


def test_rows_that_people_turned_away_do_not_miss_the_target(found: Findings) -> None:
    def target(target: int, pending: int) -> Any:
        books = dataclasses.replace(found.overview, target=target, pending=pending)
        return next(one for one in verdicts(dataclasses.replace(found, overview=books)) if "target" in one.question)

    assert target(36, 0).level == "pass" and "people turned 12 away" in target(36, 0).told
    assert target(37, 12).level == "warn" and "12 wait for people" in target(37, 12).told


def test_pairs_are_told_in_their_own_words(tmp_path: Path) -> None:
    found = gather(preferred(tmp_path))
    said = found.people
    assert said is not None
    assert not [one.name for one in found.labels if one.name.startswith("human.")]
    assert [(one.what, one.rows) for one in said.became] == [
        ("kept as it was", 3), ("swapped", 3), ("equally good", 3), ("both bad", 3),
    ]  # fmt: skip
    assert {(one.label, one.n) for one in said.people[0].said} == {
        ("chosen", 3), ("rejected", 3), ("tie", 3), ("both_bad", 3),
    }  # fmt: skip
    assert "One person alone" in people_words(said).agreement


def test_rows_with_too_few_answers_are_not_yet_decided(tmp_path: Path) -> None:
    text = REVIEWED.replace("{sample: 46, wait: true}", "{sample: 4, reviewers: 2}")
    lines = [accepted(f"{n:016x}", f"Question {n}?", "Yes.", topic="t", score=n / 4) for n in range(4)]
    found = gather(reviewed(tmp_path, lines, text, lambda items, say: [say(next(iter(items)), "ann", decision="drop")]))
    assert found.people is not None
    assert found.people.became == [Became("not yet decided", "accepted", 1)]
    assert (found.overview.accepted, found.people.alpha, found.people.cuts) == (4, None, [])
    assert 'id="people"' in page(found)


def test_a_run_that_nobody_answered_has_no_such_section(tmp_path: Path) -> None:
    found = gather(made(tmp_path, [accepted("a1", score=1.0)]))
    assert found.people is None
    assert 'id="people"' not in page(found)


@pytest.mark.parametrize(
    ("alpha", "words"),
    [(0.9, "may be fitted"), (0.7, "careful conclusions"), (0.5, "too little to rely on"),
     (-0.1, "no more than chance"), (None, "all said the same")],
)  # fmt: skip
def test_agreement_is_told_in_words(alpha: float | None, words: str) -> None:
    of = dataclasses.replace(people(), alpha=alpha)
    assert words in people_words(of).agreement
    assert bool(list(of_people(of))) == (alpha is not None and alpha < 0.667)


def test_tables_say_what_figures_are_worth() -> None:
    two, scores, _ = people_tables(whole())["people"]
    assert [row[-1] for row in two.rows] == ["moderate", "the same of every row", "none beyond chance"]
    assert [row[-1] for row in scores.rows] == ["mostly", "perhaps: so few rows may be chance", "the wrong way round"]
    assert people_words(people()).lines == [
        "- at_least: {column: reward <b>, value: 0.4}  # in place of at_least_reward"
    ]
