"""What people decided, in the books: each reviewed row ends where their verdict says, and what it was stays."""

import sqlite3
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from smoltalk.errors import Problem, UserError
from smoltalk.gates.at_least import AtLeast
from smoltalk.gates.human import Human
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.review import answers as answers_
from smoltalk.review.choosing import By, Candidate, choose
from smoltalk.review.records import Answer, Item
from smoltalk.review.shown import shown
from smoltalk.review.verdicts import Ruling, edit, last_words, ruling, vote
from smoltalk.rows import Row, message
from smoltalk.run.database import checksum, set_meta
from smoltalk.run.journal import Fate
from smoltalk.run.ledger import FATES, read_fate

LABEL = "human"
"""The gate of people, in the books of pipelines that name none as well."""
WAITING = "awaits_review"

_BEFORE = "CREATE TABLE IF NOT EXISTS before_people AS SELECT * FROM rows WHERE 0"


class Account(NamedTuple):
    """What settling came to."""

    decided: int = 0
    kept: int = 0
    edited: int = 0
    swapped: int = 0
    rejected: int = 0
    pending: int = 0
    """Rows that are held back until they are answered."""
    awaited: int = 0
    """Rows that are published, and still to be answered."""
    undecided: int = 0
    """Rows that somebody answered, and too few people yet."""
    as_edited: int = 0
    """Answers that keep a row and correct it, though `keep` is chosen: they count as edits."""
    unedited: int = 0
    """Answers that keep a row with an edit, and correct nothing: they count as `keep`."""
    stale: int = 0
    """Answers to texts that the run's rows have no longer; they count for nothing."""
    strangers: int = 0
    """Answers to rows that the run never had; they are not taken in."""


@dataclass(frozen=True, slots=True)
class Reviewable:
    """An accepted row, as the loop left it."""

    fate: Fate
    columns: Row

    @property
    def told(self) -> dict[str, Any]:
        """What gates told of it, by `gate.key`."""
        found = orjson.loads(self.fate.evidence)
        return {
            f"{gate}.{key}": value
            for gate, said in found.items()
            if isinstance(said, dict)
            for key, value in said.items()
        }


def reviewable(connection: sqlite3.Connection) -> Iterator[Reviewable]:
    """Every row that the loop accepted, in order, whatever people made of it since; streams."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'before_people'").fetchone()
    before = "UNION ALL SELECT * FROM before_people" if there else ""
    besides = "AND row NOT IN (SELECT row FROM before_people)" if there else ""
    query = f"SELECT * FROM (SELECT * FROM rows WHERE fate = 'accepted' {besides} {before}) ORDER BY row"
    for line in connection.execute(query):
        fate = read_fate(line)
        yield Reviewable(fate, orjson.loads(fate.columns))


def sampled(pipeline: Pipeline, connection: sqlite3.Connection, sample: int, by: By) -> list[Item]:
    """What reviewers are to see: the same rows each time. Raises `UserError` where `by` has nothing to go by."""
    gates = dict(labelled_gates(pipeline))

    def rows() -> Iterator[Candidate]:
        return (Candidate(one.fate.row, one.columns | one.told) for one in reviewable(connection))

    wanted = set(choose(rows, sample, by, pipeline.seed, gates))
    found = (_item(pipeline, one) for one in reviewable(connection) if one.fate.row in wanted)
    return [item for item in found if item is not None]


def settle(pipeline: Pipeline, connection: sqlite3.Connection) -> Account:
    """Work out again, from the answers in run.db, where reviewed rows end; in one transaction.

    Once more with the same answers changes nothing. Rows that nobody decided are as the loop left them, unless the
    pipeline's gate `human` holds them back.
    """
    with _transaction(connection):
        lines, found = _worked_out(pipeline, connection)
        _undo(connection)
        _write(connection, lines)
        set_meta(connection, awaited=found.awaited)
    return found


def account(pipeline: Pipeline, connection: sqlite3.Connection) -> Account:
    """What settling would come to; nothing is written."""
    return _worked_out(pipeline, connection)[1]


def human_gate(pipeline: Pipeline) -> Human | None:
    """The pipeline's gate of people."""
    return next((part for _, part in labelled_gates(pipeline) if isinstance(part, Human)), None)


def _worked_out(pipeline: Pipeline, connection: sqlite3.Connection) -> tuple[list[Fate], Account]:
    """The ledger's lines that people change, and the account of all that they said."""
    gate, given = human_gate(pipeline), answers_.kept(connection)
    waiting = _waiting(pipeline, connection, gate) if gate else set()
    lines, counts = [], dict.fromkeys(Account._fields, 0)
    counts["stale"] = sum(map(len, given.values()))
    for one in reviewable(connection) if gate or given else ():
        mine = given.get(one.fate.id, [])
        if not mine and one.fate.row not in waiting:
            continue
        item = _item(pipeline, one)
        verdict = item and ruling(item, mine, gate.reviewers if gate else 1, gate.conflicts if gate else "majority")
        if item:
            _count(item, mine, counts)
        if item and verdict:
            lines.append(_ruled(one, item, verdict, counts))
            continue
        counts["undecided"] += item is not None and any(vote(item, answer) for answer in last_words(item, mine))
        if one.fate.row not in waiting:
            continue
        if gate and gate.wait:
            counts["pending"] += 1
            lines.append(one.fate._replace(fate="pending", gate=LABEL, reason=WAITING))
        else:
            counts["awaited"] += 1
    return lines, Account(**counts)


def _waiting(pipeline: Pipeline, connection: sqlite3.Connection, gate: Human) -> set[int]:
    """The rows that the gate sets apart. Raises `UserError`, placed at the gate, where `by` has nothing to go by."""
    try:
        return {item.row for item in sampled(pipeline, connection, gate.sample, gate.by)}
    except UserError as error:
        line = next(placed.line for placed in pipeline.gates if placed.part is gate)
        hint = "say `by: random` there, then the same command: every row and reply is kept, and no model is asked again"
        places = [Problem(str(pipeline.path), line, f"`by: {gate.by}` {one.sentence}", hint) for one in error.problems]
        raise UserError(places) from error


def _count(item: Item, mine: Sequence[Answer], counts: dict[str, int]) -> None:
    """What answers to a row are, beside what they decide."""
    counts["stale"] -= sum(answer.mark == item.mark for answer in mine)
    for answer in last_words(item, mine):
        if vote(item, answer) == "keep":
            edits, wants = edit(item, answer) is not None, answer.values.get("decision") == "edit"
            counts["as_edited"] += edits and not wants
            counts["unedited"] += wants and not edits


def _item(pipeline: Pipeline, one: Reviewable) -> Item | None:
    gates = (gate.part for gate in pipeline.gates if isinstance(gate.part, AtLeast))
    cuts = {gate.column: gate.value for gate in gates if gate.value is not None}
    return shown(pipeline.name, pipeline.makes, one.fate.row, one.columns, one.told, cuts)


def _ruled(one: Reviewable, item: Item, verdict: Ruling, counts: dict[str, int]) -> Fate:
    """The row's line as the verdict says."""
    counts["decided"] += 1
    told: dict[str, Any] = orjson.loads(one.fate.evidence) | {LABEL: verdict.evidence}
    if not verdict.keep:
        counts["rejected"] += 1
        return one.fate._replace(fate="rejected", gate=LABEL, reason=verdict.reason, evidence=_json(verdict.evidence))
    counts["kept"] += 1
    columns = one.columns
    if verdict.swap:
        counts["swapped"] += 1
        columns = _swapped(columns)
        told[LABEL] = {**verdict.evidence, "swapped": True}
    elif verdict.text is not None:
        counts["edited"] += 1
        columns = _corrected(columns, verdict.text)
        told[LABEL] = {**verdict.evidence, "original": item.answer}
    return one.fate._replace(evidence=_json(told), columns=_json(columns))


def _swapped(columns: Row) -> Row:
    """The pair the other way round, with all that is said of either answer."""
    found = dict(columns)
    for name in columns:
        other = name.replace("chosen", "rejected", 1) if name.startswith("chosen") else ""
        if other in columns:
            found[name], found[other] = columns[other], columns[name]
    if isinstance(margin := columns.get("margin"), int | float):
        found["margin"] = -margin
    return found


def _corrected(columns: Row, text: str) -> Row:
    """The row with another last answer; where it is `response` too, that changes with it."""
    said = message("assistant", text)
    turns = columns.get("messages")
    if not turns:
        return {**columns, "response": said["content"]}
    last = turns[-1]
    changed = {"response": said["content"]} if columns.get("response") == last.get("content") else {}
    return {**columns, **changed, "messages": [*turns[:-1], {**last, "content": said["content"]}]}


def _undo(connection: sqlite3.Connection) -> None:
    """Every row as the loop left it."""
    connection.execute(_BEFORE)
    connection.execute("INSERT OR REPLACE INTO rows SELECT * FROM before_people")
    connection.execute("DELETE FROM before_people")


def _write(connection: sqlite3.Connection, lines: Sequence[Fate]) -> None:
    for line in lines:
        connection.execute("INSERT INTO before_people SELECT * FROM rows WHERE row = ?", (line.row,))
        connection.execute("INSERT OR REPLACE INTO rows VALUES (?,?,?,?,?,?,?,?)", (*line, checksum(*line[1:])))
    marks = ",".join("?" * len(FATES))
    connection.execute(f"DELETE FROM tally WHERE kind IN ({marks})", FATES)
    connection.execute("INSERT INTO tally SELECT fate, gate, reason, count(*) FROM rows GROUP BY fate, gate, reason")


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value, default=str).decode()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def items_of(pipeline: Pipeline, connection: sqlite3.Connection, ids: Container[str]) -> Iterator[Item]:
    """The items of these rows."""
    for one in reviewable(connection):
        if one.fate.id in ids and (item := _item(pipeline, one)) is not None:
            yield item
