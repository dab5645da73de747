"""A run at the desk of its reviewers: which rows they see, and what its files become when they have answered."""

import sqlite3
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from smoltalk.errors import Problem, UserError
from smoltalk.pipeline import Pipeline
from smoltalk.review import answers as answers_
from smoltalk.review.booking import Account, account, human_gate, reviewable, sampled, settle
from smoltalk.review.choosing import By
from smoltalk.review.conflicts import conflicts
from smoltalk.review.records import Answer, Item
from smoltalk.run import database
from smoltalk.run.folder import RunFolder, locked
from smoltalk.run.ledger import Books, read_books
from smoltalk.run.publishable import write_files
from smoltalk.run.reopen import reopen

SAMPLE = 100
"""Rows that are looked at where neither the pipeline nor the command says how many."""


class Wanted(NamedTuple):
    """Which rows people are to look at."""

    sample: int
    by: By
    reviewers: int | None
    """None where nobody says: one."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A run whose books are closed."""

    folder: RunFolder
    pipeline: Pipeline

    def wanted(self, sample: int | None = None, by: By | None = None, reviewers: int | None = None) -> Wanted:
        """What was asked for; for the rest, what the pipeline's gate `human` says, or a few rows at random."""
        gate = human_gate(self.pipeline)
        ours = Wanted(gate.sample, gate.by, gate.reviewers) if gate else Wanted(SAMPLE, "random", None)
        return Wanted(sample or ours.sample, by or ours.by, reviewers or ours.reviewers)

    def items(self, wanted: Wanted) -> list[Item]:
        """The rows to look at. Raises `UserError` where there are none, or `by` has nothing to go by."""
        with self._connected() as connection:
            found = sampled(self.pipeline, connection, wanted.sample, wanted.by)
        if not found:
            sentence = "has no accepted row with a text to look at"
            raise UserError([Problem(str(self.folder.path), 0, sentence, f"smoltalk status {self.folder.path}")])
        return found

    def book(self, answers: Sequence[Answer]) -> tuple[Account, Books]:
        """Write answers down, settle every row by them, and write the run's files anew.

        Answers to rows that the run never had are counted, and left where they are. Either all files are new or none
        is. Raises `UserError` where all answers are such, and `WorldError`; what was answered is kept.
        """
        with locked(self.folder), closing(database.connect(self.folder.database, write=True)) as connection:
            with database.sqlite_errors(self.folder.database):
                unknown = answers_.strangers(connection, {answer.id for answer in answers})
                ours = [answer for answer in answers if answer.id not in unknown]
                if answers and not ours:
                    raise UserError([self._of_another(len(answers))])
                answers_.keep(connection, ours)
                found = settle(self.pipeline, connection)
            books = read_books(connection)
            write_files(self.pipeline, self.folder, connection, books)
        return found._replace(strangers=len(answers) - len(ours)), books

    def _of_another(self, answers: int) -> Problem:
        given = "the one answer is" if answers == 1 else f"all {answers:,} answers are"
        sentence = f"has none of the rows that {given} to: another run's, or texts that have changed since"
        return Problem(
            str(self.folder.path), 0, sentence, "name the run that they were asked for; nothing was taken in"
        )

    def account(self) -> Account:
        """How it stands with the answers that are there."""
        with self._connected() as connection:
            return account(self.pipeline, connection)

    def answers(self) -> list[Answer]:
        """All that anybody ever answered."""
        with self._connected() as connection:
            return [one for given in answers_.kept(connection).values() for one in given]

    def conflicts(self) -> list[Item]:
        """Rows that wait for an owner's word. Raises `UserError` where that would decide nothing."""
        with self._connected() as connection:
            return conflicts(self.pipeline, connection)

    def of_these(self, ids: AbstractSet[str]) -> tuple[set[str], set[str]]:
        """Of some ids, those of rows that can be looked at, and those that the run knows at all."""
        with self._connected() as connection:
            known = ids - answers_.strangers(connection, ids)
            return {one.fate.id for one in reviewable(connection) if one.fate.id in ids}, set(known)

    def books(self) -> Books:
        """Where its rows are now."""
        with self._connected() as connection:
            return read_books(connection)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        place = self.folder.database
        with closing(database.connect(place)) as connection, database.sqlite_errors(place):
            yield connection


def opened(folder: RunFolder) -> Reviewed:
    """A finished run. Raises `UserError` for one that goes on, and for a mixture: its books hold no texts."""
    pipeline = reopen(folder)
    where = str(folder.path)
    if pipeline.mixes:
        hint = "review the runs that it mixes, then mix them again: what people turned away stays out"
        raise UserError([Problem(where, 0, "is a mixture: its rows were decided where they were made", hint)])
    with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
        books = read_books(connection)
    if books.state not in ("complete", "stopped"):
        sentence = f"is not finished ({books.state}), so nobody knows yet which rows there will be"
        raise UserError([Problem(where, 0, sentence, f"finish it: smoltalk run {folder.path}")])
    if not books.accepted + books.pending and not any(gate == "human" for _, gate, _, _ in books.reasons):
        sentence = "accepted no rows: there is nothing to look at"
        raise UserError([Problem(where, 0, sentence, f"smoltalk status {where}")])
    return Reviewed(folder, pipeline)
