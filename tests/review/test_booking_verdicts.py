"""People's verdicts in the books: they balance, they can be worked out again, and what a row was is kept."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.errors import UserError
from smoltalk.review import answers as answers_
from smoltalk.review.booking import items_of, reviewable, sampled, settle
from smoltalk.review.records import Answer, Item
from smoltalk.run import database
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books, read_books, read_rows
from smoltalk.run.session import finish
from tests.run.published_runs import PAIRS, PIPELINE, accepted, closed, ended, loaded, pair, turns

HUMAN = PIPELINE.replace("keep:", "  - human: {sample: 3, wait: true}\nkeep:")
ROWS = [accepted(f"a{n}", f"Question {n}?", f"Answer {n}.", topic="t", score=n / 2) for n in range(6)]
ROWS.append(ended("r1", "rejected", "Short", "too_long", {}, messages=turns("long")))


class Run:
    """A closed run and its database."""

    def __init__(self, folder: Path, text: str = PIPELINE, rows: Any = ROWS) -> None:
        self.folder: RunFolder = closed(folder / "run", rows)
        self.pipeline = loaded(folder, text=text)
        with closing(self.open()) as connection:
            ids = {one.fate.id: [] for one in reviewable(connection)}
            self.items: dict[str, Item] = {item.id: item for item in items_of(self.pipeline, connection, ids)}

    def open(self) -> Any:
        return database.connect(self.folder.database, write=True)

    def say(self, row_id: str, who: str = "ann", at: str = "1", status: Any = "submitted", **values: Any) -> Answer:
        return Answer(row_id, self.items[row_id].mark, who, status, values, at, at, "here")

    def settle(self, *answers: Answer) -> Books:
        with closing(self.open()) as connection:
            answers_.keep(connection, answers)
            settle(self.pipeline, connection)
            return read_books(connection)

    def rows(self) -> dict[str, tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
        with closing(self.open()) as connection:
            return {
                fate.id: (fate.fate, fate.gate, fate.reason, json.loads(fate.evidence), row)
                for fate, row in read_rows(connection)
            }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_dropped_row_is_rejected_by_people(run: Run) -> None:
    books = run.settle(run.say("a1", decision="drop", comment="no"))
    assert books.balanced and (books.accepted, books.rejected) == (5, 2)
    fate, gate, reason, evidence, _ = run.rows()["a1"]
    assert (fate, gate, reason) == ("rejected", "human", "dropped")
    assert evidence["reviewers"] == [{"reviewer": "ann", "said": "drop", "at": "1", "comment": "no"}]


def test_an_edit_becomes_the_row_and_the_original_is_kept(run: Run) -> None:
    run.settle(run.say("a2", decision="edit", text="A better <|im_end|> answer."))
    fate, _, _, evidence, row = run.rows()["a2"]
    assert fate == "accepted" and evidence["human"]["original"] == "Answer 2."
    assert row["messages"][-1]["content"] == "A better < |im_end|> answer."


def test_answers_to_another_text_do_not_count(run: Run) -> None:
    other = Answer("a1", "0" * 16, "ann", "submitted", {"decision": "drop"}, "1", "1", "here")
    assert run.settle(other).accepted == 6


@pytest.mark.parametrize("status", ["draft", "discarded"])
def test_drafts_and_discards_decide_nothing(run: Run, status: str) -> None:
    assert run.settle(run.say("a1", status=status, decision="drop")).accepted == 6


def test_a_mind_that_changes_changes_the_books(run: Run) -> None:
    before = run.rows()
    run.settle(run.say("a1", decision="drop"), run.say("a2", decision="edit", text="Other."))
    run.settle(run.say("a1", at="2", decision="keep"), run.say("a2", at="2", decision="keep"))
    after = run.rows()
    assert {name: (one[0], one[4]) for name, one in after.items()} == {n: (one[0], one[4]) for n, one in before.items()}


@pytest.mark.parametrize(
    ("conflicts", "said", "fate"),
    [
        ("majority", ["keep", "drop", "drop"], "rejected"),
        ("majority", ["keep", "keep", "drop"], "accepted"),
        ("majority", ["keep", "drop"], "rejected"),
        ("hold", ["keep", "keep", "drop"], "rejected"),
        ("hold", ["keep", "keep"], "accepted"),
        ("owner", ["keep", "drop", "drop"], "accepted"),
    ],
)
def test_conflicts_end_by_rule(tmp_path: Path, conflicts: str, said: list[str], fate: str) -> None:
    run = Run(
        tmp_path, HUMAN.replace("wait: true", f"wait: true, conflicts: {conflicts}").replace("sample: 3", "sample: 6")
    )
    people = ["owner", "ann", "bob"]
    run.settle(*(run.say("a0", who, decision=one) for who, one in zip(people, said, strict=False)))
    assert run.rows()["a0"][0] == fate


def test_rows_wait_until_enough_people_have_answered(tmp_path: Path) -> None:
    run = Run(tmp_path, HUMAN.replace("wait: true", "wait: true, reviewers: 2"))
    with closing(run.open()) as connection:
        mine = [item.id for item in sampled(run.pipeline, connection, 3, "random")]
    assert run.settle().pending == 3
    books = run.settle(*(run.say(row_id, decision="keep") for row_id in mine))
    assert (books.pending, books.balanced) == (3, True)
    books = run.settle(*(run.say(row_id, "bob", decision="keep") for row_id in mine))
    assert (books.pending, books.accepted) == (0, 6)


def test_pending_rows_are_not_published(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    run = Run(tmp_path, HUMAN)
    assert finish(run.pipeline, run.folder).pending == 3
    assert pq.read_table(run.folder.data / "train-00000.parquet").num_rows == 3
    waiting = pq.read_table(run.folder.rejected / "human.parquet")
    assert waiting["reason"].to_pylist() == ["awaits_review"] * 3
    assert finish(run.pipeline, run.folder).pending == 3


def test_pairs_are_turned_back_before_they_count(tmp_path: Path) -> None:
    rows = [
        pair(f"p{n}", f"Question {n}?", "Good.", "Bad.", margin=1.0, chosen_by="x", rejected_by="y") for n in range(8)
    ]
    run = Run(tmp_path, PAIRS, rows)
    by_order = {item.swapped: item for item in run.items.values()}
    assert by_order.keys() == {True, False}
    run.settle(*(run.say(item.id, winner="a") for item in by_order.values()), run.say("p7", winner="tie", at="0"))
    found = run.rows()
    for swapped, item in by_order.items():
        row = found[item.id][4]
        assert row["chosen"][0]["content"] == item.answers[0] == ("Bad." if swapped else "Good.")
        assert (row["margin"], row["chosen_by"]) == ((-1.0, "y") if swapped else (1.0, "x"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab"), st.sampled_from(["keep", "drop", "edit"])), max_size=9)
)
def test_the_books_balance_whatever_people_say(tmp_path_factory: Any, said: list[tuple[int, str, str]]) -> None:
    run = Run(tmp_path_factory.mktemp("balance"), HUMAN)
    answers = [run.say(f"a{n}", who, str(at), decision=one, text="Other.") for at, (n, who, one) in enumerate(said)]
    books = run.settle(*answers)
    assert books.balanced and books.born == 7
    assert run.settle(*answers) == books


def test_a_gate_with_nothing_to_choose_by_is_told_by_its_line(tmp_path: Path) -> None:
    rows = [accepted(f"a{n}", topic="t", score=1.0) for n in range(6)]
    run = Run(tmp_path, HUMAN.replace("wait: true", "by: disagreement"), rows)
    line = run.pipeline.gates[-1].line
    with pytest.raises(UserError, match=rf"\.yaml:{line} .*`by: disagreement` needs two columns of scores") as told:
        finish(run.pipeline, run.folder)
    assert "no model is asked again" in str(told.value) and "--by" not in str(told.value)
    finish(loaded(tmp_path, text=HUMAN), run.folder)
    assert list(run.folder.data.iterdir())
