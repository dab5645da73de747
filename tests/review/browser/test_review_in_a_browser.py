"""People's word, from the page they see to the books: the real Argilla server, its own pages, a real browser."""

import html
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from smoltalk.review.argilla.client import Argilla
from smoltalk.review.argilla.records import escaped
from smoltalk.review.server.home import Home
from smoltalk.review.server.locked import environment
from smoltalk.review.server.serving import served
from tests.review.browser.hostile import TEXTS
from tests.review.browser.reviewed_runs import WORKSPACE, Run
from tests.review.browser.reviewing import ALLOWED, Reviewer, chromium, signed_in
from tests.run.published_runs import accepted, ended, pair

EDIT = 'A better answer:\n\n    <img src=/planted onerror="window.hacked=1">\n\tcosts $5 & more'


class Desk(NamedTuple):
    """A reviewer before a server that holds these runs."""

    ann: Reviewer
    argilla: Argilla
    runs: dict[str, Run]


def _python() -> Path:
    """The Python of an environment that holds the server; skips where there is none."""
    if told := os.environ.get("SMOLTALK_ARGILLA_PYTHON"):
        return Path(told)
    if os.environ.get("SMOLTALK_ARGILLA") != "1":
        pytest.skip("the Argilla server is not installed here: `make test-review` installs it (SMOLTALK_ARGILLA=1)")
    return environment(print)


def _runs(folder: Path) -> dict[str, Run]:
    talk = [accepted(name, f"Please {name}.", f"Answer of {name}.", topic="t", score=2.5)
            for name in ("keep", "edit", "same", "drop", "discard", "draft")]  # fmt: skip
    talk.append(ended("long", "rejected", "Short", "too_long", {}))
    pairs = [pair(f"p{n}", f"Pair p{n}.", f"first p{n}", f"second p{n}", margin=0.5, chosen_by="x", rejected_by="y")
             for n in (0, 1, 2, 3, 4, 5, 7)]  # fmt: skip
    hostile = [accepted(name, f"{name}: {text}", f"A {text}", topic=text, score=1.0) for name, text in TEXTS.items()]
    hostile_pairs = [
        pair(name, f"{name}: {text}", f"A {text}", f"B {text}", margin=1.0) for name, text in TEXTS.items()
    ]
    made = [
        Run(folder / "talk", "talk", talk),
        Run(folder / "pairs", "pairs", pairs, "dpo"),
        Run(folder / "hostile", "hostile", hostile),
        Run(folder / "hostile-pairs", "hostile-pairs", hostile_pairs, "dpo"),
        Run(folder / "blind", "blind", talk[:1]),
    ]
    return {run.name: run for run in made}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    python = _python()
    folder = tmp_path_factory.mktemp("review")
    runs = _runs(folder)
    home = Home(folder / "home")
    home.make()
    (owner, ann), _ = home.people(("ann",))
    with (
        chromium() as browser,
        served(python, home, [owner, ann], 0, WORKSPACE) as server,
        closing(Argilla(server.url, owner.key)) as argilla,
    ):
        for name, run in runs.items():
            run.push(argilla, blind=name == "blind")
        yield Desk(signed_in(browser, server.url, ann.name, ann.password), argilla, runs)


@pytest.fixture(autouse=True)
def _nothing_runs(desk: Desk) -> Iterator[None]:
    """Whatever a test shows: no script ran, and nothing outside was asked for but the pages' typeface."""
    yield
    assert desk.ann.hacked() == [] and desk.ann.alarms == []
    assert [where for where in desk.ann.outside if not where.startswith(ALLOWED)] == []


def test_what_is_said_of_conversations_ends_in_the_books(desk: Desk) -> None:
    ann, run = desk.ann, desk.runs["talk"]
    ann.open("talk")
    ann.picture("talk")
    for left in range(5, -1, -1):
        asked, answer = ann.texts("Conversation")
        name = asked.removeprefix("Please ").removesuffix(".")
        assert answer == ann.prefilled() == f"Answer of {name}."
        _say(ann, name, last=left == 0)
    account, books = run.pull(desk.argilla)
    assert books.balanced and (books.born, books.accepted, books.rejected, books.pending) == (7, 3, 2, 2)
    assert (account.decided, account.kept, account.edited, account.rejected) == (4, 3, 1, 1)
    rows = run.ended()
    assert rows["edit"].said == EDIT
    assert rows["edit"].evidence["human"]["original"] == "Answer of edit."
    assert rows["keep"].said == "Answer of keep." and rows["same"].said == "Answer of same."
    assert rows["drop"][:3] == ("rejected", "human", "dropped")
    told = rows["drop"].evidence["reviewers"][0]
    assert (told["reviewer"], told["rating"], told["issues"], told["comment"]) == ("ann", 2, ["unsafe"], "no <b>")
    for name in ("discard", "draft"):
        assert rows[name][:3] == ("pending", "human", "awaits_review")


def _say(ann: Reviewer, name: str, last: bool) -> None:
    """What is to be said of a row is its name."""
    button = "submit"
    match name:
        case "keep":
            ann.choose("decision", "keep")
        case "edit":
            ann.choose("decision", "edit")
            ann.write("text", EDIT)
        case "same":
            ann.choose("decision", "edit")
        case "drop":
            ann.choose("decision", "drop")
            ann.choose("rating", "2")
            ann.choose("issues", "unsafe")
            ann.write("comment", "no <b>")
        case "draft":
            ann.choose("decision", "drop")
            button = "draft"
        case "discard":
            button = "discard"
    ann.press(button, last)


PREFERRED = {"p0": "first", "p1": "first", "p2": "second", "p7": "second", "p3": "both_bad", "p4": "tie", "p5": ""}
"""Of each pair, the answer that the reviewer takes for the better one, wherever it is shown; of p5, none. The ids are
such that either answer is shown first."""


def test_the_answer_that_was_preferred_is_the_chosen_one(desk: Desk) -> None:
    ann, run = desk.ann, desk.runs["pairs"]
    ann.open("pairs")
    ann.picture("pairs")
    clicked = set()
    for left in range(6, -1, -1):
        (asked,), (a,), (b,) = (ann.texts(title) for title in ("Asked", "Answer A", "Answer B"))
        name = asked.removeprefix("Pair ").removesuffix(".")
        assert {a, b} == {f"first {name}", f"second {name}"}
        liked = PREFERRED[name]
        if liked in ("first", "second"):
            liked = "a" if a.startswith(liked) else "b"
            clicked.add((PREFERRED[name], liked))
        if liked:
            ann.choose("winner", liked)
        ann.press("submit" if liked else "discard", last=left == 0)
    assert len(clicked) == 4, "each order of each choice is there"
    account, books = run.pull(desk.argilla)
    assert books.balanced and (books.born, books.accepted, books.rejected, books.pending) == (7, 4, 2, 1)
    assert (account.decided, account.kept, account.swapped) == (6, 4, 2)
    rows = run.ended()
    for name in ("p0", "p1"):
        assert rows[name].pair == (f"first {name}", f"second {name}")
        assert (rows[name].columns["margin"], rows[name].columns["chosen_by"]) == (0.5, "x")
    for name in ("p2", "p7"):
        assert rows[name].pair == (f"second {name}", f"first {name}")
        assert (rows[name].columns["margin"], rows[name].columns["chosen_by"]) == (-0.5, "y")
    for name in ("p3", "p4"):
        assert rows[name][:3] == ("rejected", "human", PREFERRED[name])
    assert rows["p5"].fate == "pending"


def test_hostile_conversations_are_shown_as_they_are_and_do_nothing(desk: Desk) -> None:
    ann, run = desk.ann, desk.runs["hostile"]
    items = run.items()
    ann.open("hostile")
    for left in range(len(items) - 1, -1, -1):
        shown = ann.texts("Conversation")
        item = items[shown[0].partition(":")[0]]
        ann.picture(f"hostile-{item.id}")
        assert "".join(shown) == _seen(item.turns[0].content + item.answer)
        assert ann.prefilled() == item.answer
        (evidence,) = ann.texts("What scores and gates say")
        assert evidence.split() == _seen(" ".join(f"{name}: {value}" for name, value in item.evidence.items())).split()
        ann.choose("decision", "edit")
        ann.press("submit", last=left == 0)
    account, books = run.pull(desk.argilla)
    assert books.balanced and (account.kept, account.edited) == (len(items), 0), "nothing was edited"


def test_hostile_pairs_are_shown_as_they_are_and_do_nothing(desk: Desk) -> None:
    ann, items = desk.ann, desk.runs["hostile-pairs"].items()
    ann.open("hostile-pairs")
    for left in range(len(items) - 1, -1, -1):
        asked, a, b = ("".join(ann.texts(title)) for title in ("Asked", "Answer A", "Answer B"))
        item = items[asked.partition(":")[0]]
        ann.picture(f"hostile-pair-{item.id}")
        assert (asked, a, b) == tuple(_seen(text) for text in (item.turns[0].content, *item.answers))
        if left:
            ann.following()


def _seen(text: str) -> str:
    """What a page shows of a text: the text itself, but for characters that would hide what is there."""
    seen = html.unescape(escaped(text))
    assert seen == text or TEXTS["direction"] in text
    return seen


def test_a_blind_reviewer_sees_no_evidence(desk: Desk) -> None:
    ann = desk.ann
    ann.open("blind")
    ann.picture("blind")
    assert ann.texts("Conversation") == ["Please keep.", "Answer of keep."]
    assert ann.texts("What scores and gates say") == []
    assert "2.5" not in ann.page.inner_text("body")
