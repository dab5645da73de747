"""Rows on which people disagree, as the owner is to see them: with what everybody said."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from smoltalk.errors import Problem, UserError
from smoltalk.pipeline import Pipeline
from smoltalk.review import answers as answers_
from smoltalk.review.booking import human_gate, items_of
from smoltalk.review.records import Answer, Item
from smoltalk.review.verdicts import Conflicts, last_words, ruling, said, vote


def conflicts(pipeline: Pipeline, connection: sqlite3.Connection) -> list[Item]:
    """Rows that an owner's word would decide, or decide otherwise, and that no owner has answered.

    Raises `UserError` where the rule is `hold`: there nobody's word ends a conflict.
    """
    gate = human_gate(pipeline)
    rule: Conflicts = gate.conflicts if gate else "majority"
    if gate and rule == "hold":
        line = next(placed.line for placed in pipeline.gates if placed.part is gate)
        sentence = "`conflicts: hold` holds such rows back whatever an owner says"
        raise UserError([Problem(str(pipeline.path), line, sentence, "`conflicts: owner`, or `majority`")])
    given = answers_.kept(connection)
    found = []
    for item in items_of(pipeline, connection, given):
        voices = [answer for answer in last_words(item, given[item.id]) if vote(item, answer)]
        verdict = ruling(item, voices, gate.reviewers if gate else 1, rule)
        differ = len({vote(item, answer) for answer in voices}) > 1
        open_still = rule == "owner" or (verdict and verdict.reason == "held_back")
        if verdict and differ and open_still and not any(answer.of_owner for answer in voices):
            found.append(replace(item, evidence={**item.evidence, **_voices(item, voices)}))
    return found


def _voices(item: Item, voices: Sequence[Answer]) -> dict[str, str]:
    """Of a pair, in the order in which it is shown: a vote is about the better answer, which nobody is to know."""
    return {f"{one.reviewer} says": ", ".join(_words(item, one)) for one in voices}


def _words(item: Item, one: Answer) -> list[str]:
    word = str(one.values.get("winner")) if item.makes == "dpo" else said(item, one)
    comment = one.values.get("comment")
    return [word, " ".join(comment.split())] if isinstance(comment, str) and comment.strip() else [word]
