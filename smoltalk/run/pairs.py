"""Candidate preference pairs out of a closed run: what was accepted, against what was turned away for a reason."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

import orjson

from smoltalk.contracts import Gate, Judge
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from smoltalk.rows import Message, Row
from smoltalk.run.column_types import clean
from smoltalk.run.journal import Fate
from smoltalk.run.ledger import read_fate, read_rows
from smoltalk.run.row_lines import has_calls, turns
from smoltalk.sandbox.fenced import without_tests
from smoltalk.text import normalise

PARTS = ("prompt", "chosen", "rejected")
_FIRST = "rejected_response"
"""What steps that verify call the first answer that failed; its reason stands in `rejected_reason`."""
_ALL = ("rejected_responses", "rejected_reasons")
"""What they call all of them, and the reasons of each."""

FAILED = "failed, so that there is no answer to reject"
COMPARES = "turned away for what stands in other rows or benchmarks, not for the answer"
ALONE = "no accepted row answers the same prompt"
SAME = "says the same as the accepted answer"
AGAIN = "makes a pair that is there already"
NO_ANSWER = "does not end with an answer in words"
ELSEWHERE = "has a failed answer, and no turn of it is the answer that passed instead"


class Pair(NamedTuple):
    """An accepted answer and one that was turned away, to one prompt."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    where: str
    """The gate that rejected it, or the step whose verifier did."""
    reason: str
    evidence: str
    """JSON."""
    source: str
    chosen_row: str
    rejected_row: str

    @property
    def id(self) -> str:
        """A stable name, from both rows and the rejected answer."""
        said = "\0".join((self.chosen_row, self.rejected_row, self.where, self.rejected[-1]["content"]))
        return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(slots=True)
class Account:
    """How many pairs came from where, and why other rows made none."""

    pairs: int = 0
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By gate or step, and reason."""
    unusable: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows by gate or step, and why they made no pair."""
    against: tuple[str, ...] = ()
    """Benchmarks that every pair was compared with, as the pipeline's own gates are."""


def pairs(pipeline: Pipeline, connection: sqlite3.Connection, account: Account) -> Iterator[Pair]:
    """Every pair that the ledger holds, in row order, counted in `account` as they come.

    A row that a gate rejected makes one with an accepted row of the same prompt; an accepted row makes one with each
    answer of its own that its verifier failed. Memory: about 100 bytes for each accepted row.
    """
    guards = list(_guards(pipeline, account))
    comparing = {label for label, gate in labelled_gates(pipeline) if _compares(gate)}
    accepted = _accepted(connection)
    seen: set[bytes] = set()
    for found in _candidates(pipeline, connection, accepted, comparing, account):
        made = _digest(found.prompt, found.rejected[-1]["content"])
        if normalise(found.chosen[-1]["content"]) == normalise(found.rejected[-1]["content"]):
            account.unusable[found.where, SAME] += 1
        elif made in seen:
            account.unusable[found.where, AGAIN] += 1
        elif reason := _contaminated(guards, found):
            account.unusable[found.where, f"holds a question of a benchmark ({reason})"] += 1
        else:
            seen.add(made)
            account.pairs += 1
            account.made[found.where, found.reason] += 1
            yield found


def _candidates(
    pipeline: Pipeline,
    connection: sqlite3.Connection,
    accepted: Mapping[bytes, int],
    comparing: set[str],
    account: Account,
) -> Iterator[Pair]:
    verifying = next((label for label, step in labelled_steps(pipeline) if _FIRST in step.writes()), "")
    for fate, row in read_rows(connection):
        if fate.fate == "accepted":
            yield from _own(fate, row, verifying, account)
            continue
        if fate.fate == "failed" or fate.gate in comparing:
            account.unusable[fate.gate, FAILED if fate.fate == "failed" else COMPARES] += 1
            continue
        parted = _parted(row)
        other = accepted.get(_digest(parted[0])) if parted else None
        if parted is None or other is None:
            account.unusable[fate.gate, NO_ANSWER if parted is None else ALONE] += 1
            continue
        better = read_fate(connection.execute("SELECT * FROM rows WHERE row = ?", (other,)).fetchone())
        chosen = _parted(orjson.loads(better.columns))
        assert chosen is not None, "it was parted before"
        yield Pair(
            *chosen, parted[1], fate.gate, fate.reason, fate.evidence, str(row.get("source", "")), better.id, fate.id
        )


def _own(fate: Fate, row: Row, step: str, account: Account) -> Iterator[Pair]:
    """Pairs of an accepted row's answer with each of its own that failed."""
    failed = list(_failed(row))
    if not failed or row.get("verified") not in (None, "pass"):
        return
    found = _answered(row)
    if found is None:
        account.unusable[step, ELSEWHERE] += 1
        return
    prompt, chosen, form = found
    for text, why in failed:
        evidence = orjson.dumps({"detail": why} if why else {}).decode()
        rejected: list[Message] = [{"role": "assistant", "content": clean(form(text)).strip()}]
        source = str(row.get("source", ""))
        yield Pair(prompt, chosen, rejected, step, "failed_verification", evidence, source, fate.id, fate.id)


def _failed(row: Row) -> Iterator[tuple[str, str]]:
    """The answers of a row that its verifier failed, each with the reason, empty where none is known."""
    texts, reasons = (row.get(name) for name in _ALL)
    if not isinstance(texts, list):
        texts, reasons = [row.get(_FIRST)], [row.get("rejected_reason")]
    for text, why in zip_longest(texts, reasons if isinstance(reasons, list) else ()):
        if isinstance(text, str) and text.strip():
            yield text, why if isinstance(why, str) else ""


def _answered(row: Row) -> tuple[list[Message], list[Message], Callable[[str], str]] | None:
    """The conversation up to the answer that was verified (`response`), that turn, and the form it has there.

    Later turns answer other questions, and of two turns in the same words nobody knows which was verified. The form is
    the answer as it stands, or without its tests: a rejected answer gets the same one, or a model would learn the form.
    A row without `response` has one answer, or none that is known.
    """
    answer, said = row.get("response"), turns(row)
    if has_calls(row):
        return None
    for form in _FORMS:
        wanted = clean(form(answer)).strip() if isinstance(answer, str) else None
        places = [
            place
            for place, turn in enumerate(said)
            if place and turn["role"] == "assistant" and wanted in (turn["content"].strip(), None)
        ]
        if places:
            place = places[0]
            return (said[:place], said[place : place + 1], form) if len(places) == 1 else None
    return None


_FORMS: tuple[Callable[[str], str], ...] = (str, without_tests)


def _accepted(connection: sqlite3.Connection) -> dict[bytes, int]:
    """The first accepted row of each prompt."""
    found: dict[bytes, int] = {}
    for fate, row in read_rows(connection, "accepted"):
        if parted := _parted(row):
            found.setdefault(_digest(parted[0]), fate.row)
    return found


def _parted(row: Row) -> tuple[list[Message], list[Message]] | None:
    """The conversation up to its last answer, and that answer; None where it ends otherwise or holds nothing before."""
    said = turns(row)
    if has_calls(row) or len(said) < 2 or said[-1]["role"] != "assistant" or not said[-1]["content"].strip():
        return None
    return said[:-1], said[-1:]


def _digest(prompt: list[Message], answer: str = "") -> bytes:
    """Equal for prompts that differ in case, space and Unicode form alone."""
    said = "\0".join([*(f"{turn['role']}\1{normalise(turn['content'])}" for turn in prompt), normalise(answer)])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()


# ---------------------------------------------------------------- gates that look beyond the row


def _compares(gate: Gate) -> bool:
    """Whether a gate compares a row with other data: what it rejects is no worse an answer."""
    return "against" in type(gate).model_fields


def _guards(pipeline: Pipeline, account: Account) -> Iterator[Judge]:
    """The pipeline's own gates against benchmarks, looking at all of a pair: a rejected answer may hold a question that
    no gate has seen, for the first gate that says no is the last that looks."""
    from smoltalk.gates.decontaminate import Decontaminate

    for _, gate in labelled_gates(pipeline):
        if isinstance(gate, Decontaminate):
            account.against = (*account.against, *(name for name in gate.against if name not in account.against))
            yield gate.model_copy(update={"of": PARTS}).open()


def _contaminated(guards: list[Judge], pair: Pair) -> str:
    row: dict[str, Any] = {"id": pair.id, **{name: getattr(pair, name) for name in PARTS}}
    verdicts = (guard.judge(row) for guard in guards)
    return next((verdict.reason.removeprefix("in_") for verdict in verdicts if not verdict.keep), "")
