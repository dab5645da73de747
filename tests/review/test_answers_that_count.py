"""Which answers count, and as what: those of owners, those that correct, those of other runs and of older texts."""

import dataclasses
from contextlib import closing
from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.review import answers as answers_
from smoltalk.review.booking import account
from smoltalk.review.records import Answer, Item
from smoltalk.review.runs import Reviewed
from smoltalk.review.verdicts import ruling, said
from tests.review.test_booking_verdicts import HUMAN, Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_keep_with_another_text_is_an_edit_and_is_told(run: Run) -> None:
    run.settle(run.say("a1", decision="keep", text="Better."), run.say("a2", decision="keep", text=" Answer  2.\n"))
    rows = run.rows()
    assert rows["a1"][4]["messages"][-1]["content"] == "Better."
    assert rows["a2"][4]["messages"][-1]["content"] == "Answer 2."
    with closing(run.open()) as connection:
        found = account(run.pipeline, connection)
    assert (found.kept, found.edited, found.as_edited, found.unedited) == (2, 1, 1, 0)


@pytest.mark.parametrize("text", ["", "  ", "Answer 1.", None])
def test_an_edit_without_one_keeps_the_row_and_is_told(run: Run, text: str | None) -> None:
    run.settle(run.say("a1", decision="edit", **({"text": text} if text is not None else {})))
    with closing(run.open()) as connection:
        found = account(run.pipeline, connection)
    assert (found.kept, found.edited, found.unedited) == (1, 0, 1)


def test_the_books_say_who_edited(run: Run) -> None:
    run.settle(run.say("a1", decision="edit", text="Better."), run.say("a1", "bob", decision="keep"))
    human = run.rows()["a1"][3]["human"]
    assert human["edited_by"] == "ann"
    assert {one["reviewer"]: one["said"] for one in human["reviewers"]} == {"ann": "edit", "bob": "keep"}
    item = run.items["a1"]
    assert said(item, run.say("a1", decision="drop", text="Better.")) == "drop"


@pytest.mark.parametrize(("owner", "keeps"), [(True, True), (False, False)])
def test_whoever_is_an_owner_of_the_server_has_the_owners_word(run: Run, owner: bool, keeps: bool) -> None:
    item: Item = run.items["a0"]
    given = [run.say("a0", "carla", decision="keep")] + [run.say("a0", who, decision="drop") for who in ("ann", "bob")]
    given = [dataclasses.replace(one, owner=owner and one.reviewer == "carla") for one in given]
    verdict = ruling(item, given, 2, "owner")
    assert verdict is not None and verdict.keep is keeps


def test_the_name_owner_is_no_owner_where_the_server_says_otherwise(run: Run) -> None:
    given = [run.say("a0", "owner", decision="keep")] + [run.say("a0", who, decision="drop") for who in ("ann", "bob")]
    known = [dataclasses.replace(one, owner=False) for one in given]
    assert [getattr(ruling(run.items["a0"], some, 2, "owner"), "keep", None) for some in (given, known)] == [
        True,
        False,
    ]


def test_answers_of_older_runs_are_read_and_added_to(run: Run) -> None:
    with closing(run.open()) as connection:
        answers_.keep(connection, [run.say("a0", decision="keep")])
        connection.execute("ALTER TABLE answers DROP COLUMN owner")
        assert [one.owner for one in answers_.kept(connection)["a0"]] == [None]
        answers_.keep(connection, [dataclasses.replace(run.say("a1", decision="keep"), owner=True)])
        assert {name: some[0].owner for name, some in answers_.kept(connection).items()} == {"a0": None, "a1": True}


def other(row_id: str = "elsewhere") -> Answer:
    return Answer(row_id, "0" * 16, "ann", "submitted", {"decision": "drop"}, "1", "1", "here")


def test_answers_of_another_run_are_refused_and_nothing_is_written(run: Run) -> None:
    reviewed = Reviewed(run.folder, run.pipeline)
    with pytest.raises(UserError, match="has none of the rows that all 2 answers are to"):
        reviewed.book([other(), other("b")])
    assert reviewed.answers() == [] and reviewed.book([])[0].decided == 0


def test_some_answers_of_another_run_are_counted_and_left(run: Run) -> None:
    reviewed = Reviewed(run.folder, run.pipeline)
    found, books = reviewed.book([other(), run.say("a0", decision="drop")])
    assert (found.strangers, found.stale, found.decided, books.rejected) == (1, 0, 1, 2)
    assert [one.id for one in reviewed.answers()] == ["a0"]


def test_answers_to_rows_that_are_gone_are_stale_wherever_they_are_counted(run: Run) -> None:
    reviewed = Reviewed(run.folder, run.pipeline)
    with closing(run.open()) as connection:
        answers_.keep(connection, [other("gone"), dataclasses.replace(other("gone"), reviewer="bob")])
    assert reviewed.account().stale == 2
    found, _ = reviewed.book([other("gone")])  # known from before: no stranger
    assert (found.stale, found.strangers) == (2, 0)


def test_rows_that_too_few_people_answered_are_told(tmp_path: Path) -> None:
    run = Run(tmp_path, HUMAN.replace("wait: true", "wait: false, reviewers: 2").replace("sample: 3", "sample: 6"))
    run.settle(run.say("a0", decision="keep"), run.say("a1", status="draft", decision="keep"))
    with closing(run.open()) as connection:
        found = account(run.pipeline, connection)
    assert (found.decided, found.undecided, found.awaited) == (0, 1, 6)
