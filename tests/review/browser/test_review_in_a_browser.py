"""People's word, from the page they see to the books: the real Argilla server, its own pages, a real browser."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from smoltalk.review.argilla.client import Argilla
from smoltalk.review.server.home import Home
from smoltalk.review.server.locked import environment
from smoltalk.review.server.serving import served
from tests.review.browser.hostile import TEXTS
from tests.review.browser.reviewed_runs import WORKSPACE, Run
from tests.review.browser.reviewing import ALLOWED, Reviewer, reviewer
from tests.run.published_runs import accepted, ended, pair

EDIT = 'A better answer:\n\n    <img src=/planted onerror="window.hacked=1">\n\tcosts $5 & more '


class Desk(NamedTuple):
    """A reviewer before a server that holds these runs."""

    ann: Reviewer
    argilla: Argilla
    runs: dict[str, Run]
    screens: Path


def _python() -> Path:
    """The Python of an environment that holds the server; skips where there is none."""
    if told := os.environ.get("SMOLTALK_ARGILLA_PYTHON"):
        return Path(told)

    def missing(_: str) -> None:
        pytest.skip("no Argilla server on this machine: smoltalk review serve, or SMOLTALK_ARGILLA_PYTHON=PYTHON")

    return environment(missing)


def _runs(folder: Path) -> dict[str, Run]:
    talk = [accepted(name, f"Please {name}.", f"Answer of {name}.", topic="t", score=2.5)
            for name in ("keep", "edit", "same", "drop", "discard", "draft", "later")]  # fmt: skip
    talk.append(ended("long", "rejected", "Short", "too_long", {}))
    pairs = [pair(f"p{n}", f"Pair p{n}.", f"first p{n}", f"second p{n}", margin=0.5, chosen_by="x", rejected_by="y")
             for n in range(8)]  # fmt: skip
    hostile = [accepted(name, f"Q {text}", f"A {text}", topic=text, score=1.0) for name, text in TEXTS.items()]
    hostile_pairs = [pair(name, text, f"A {text}", f"B {text}", margin=1.0) for name, text in TEXTS.items()]
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
        served(python, home, [owner, ann], 0, WORKSPACE) as server,
        closing(Argilla(server.url, owner.key)) as argilla,
        reviewer(server.url, ann.name, ann.password) as somebody,
    ):
        for name, run in runs.items():
            run.push(argilla, blind=name == "blind")
        yield Desk(somebody, argilla, runs, folder)


@pytest.fixture(autouse=True)
def _nothing_runs(desk: Desk) -> Iterator[None]:
    """Whatever a test shows: no script ran, and nothing outside was asked for but the pages' typeface."""
    yield
    assert desk.ann.hacked() == [] and desk.ann.alarms == []
    assert [where for where in desk.ann.outside if not where.startswith(ALLOWED)] == []


def test_what_is_said_of_conversations_ends_in_the_books(desk: Desk) -> None:
    ann, run = desk.ann, desk.runs["talk"]
    ann.open("talk")
    ann.page.screenshot(path=desk.screens / "talk.png")
    for left in range(6, -1, -1):
        asked, answer = ann.texts("Conversation")
        name = asked.removeprefix("Please ").removesuffix(".")
        assert answer == ann.prefilled() == f"Answer of {name}."
        _say(ann, name, last=left == 0)
    account, books = run.pull(desk.argilla)
    assert books.balanced and (books.born, books.accepted, books.rejected, books.pending) == (8, 3, 2, 3)
    assert (account.decided, account.kept, account.edited, account.rejected) == (4, 3, 1, 1)
    rows = run.ended()
    assert rows["edit"].said == EDIT and rows["edit"].evidence["human"]["original"] == "Answer of edit."
    assert rows["keep"].said == "Answer of keep." and rows["same"].said == "Answer of same."
    assert rows["drop"][:3] == ("rejected", "human", "dropped")
    told = rows["drop"].evidence["reviewers"][0]
    assert (told["reviewer"], told["rating"], told["issues"], told["comment"]) == ("ann", 2, ["unsafe"], "no <b>")
    for name in ("discard", "draft", "later"):
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
        case "later":
            button = ""
    if button:
        ann.press(button, last)
    elif not last:
        ann.following()
