"""Run folders whose rows people have answered, for reports."""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from smoltalk.review import answers as answers_
from smoltalk.review.booking import reviewable, settle
from smoltalk.review.records import Answer, Item
from smoltalk.review.shown import shown
from smoltalk.run import database
from smoltalk.run.folder import RunFolder
from tests.reporting.report_runs import TALK, made
from tests.run.published_runs import PAIRS, accepted, ended, loaded, pair, publish, turns

REVIEWED = TALK.replace(
    "engines:", "  - at_least: {column: score, value: 0}\n  - human: {sample: 46, wait: true}\nengines:"
)
WRONG = "Certainly! The <b>answer</b> is {n}, I am sure of it. Anything else?"

Say = Callable[..., Answer]


def reviewed(
    folder: Path, lines: Iterable[Sequence[str]], text: str, say: Callable[[dict[str, Item], Say], Iterable[Answer]]
) -> RunFolder:
    """A run with these lines, settled and published by what `say` makes of its items."""
    run = made(folder, lines, text=text)
    pipeline = loaded(folder, text=text)
    with closing(database.connect(run.database, write=True)) as connection:
        shows = (shown(pipeline.name, pipeline.makes, r.fate.row, r.columns, r.told) for r in reviewable(connection))
        items = {item.id: item for item in shows if item}

        def answer(row_id: str, who: str, status: Any = "submitted", mark: str = "", **values: Any) -> Answer:
            return Answer(row_id, mark or items[row_id].mark, who, status, values, "1", "1", "here")

        answers_.keep(connection, say(items, answer))
        settle(pipeline, connection)
    publish(pipeline, run)
    return run


def talk(folder: Path) -> RunFolder:
    """48 rows, of which two people answered most: high scores are kept more often, ten rows wait."""
    lines = [
        accepted(
            f"{n:016x}", f"What is {n} and <i>{n}</i>?", WRONG.format(n=2 * n), topic="t", score=n / 48,
            quality=("poor", "average", "good", "excellent")[n * 4 // 48],
        )
        for n in range(48)
    ] + [ended("a1", "rejected", "Short", "too_long", {}, messages=turns("long"))]  # fmt: skip
    return reviewed(folder, lines, REVIEWED, _said_of_talk)


def _said_of_talk(items: dict[str, Item], say: Say) -> Iterable[Answer]:
    draw = random.Random(1)
    for n, row_id in enumerate(list(items)[:36]):
        good = draw.random() < n / 30
        if n % 9 == 5:
            text = items[row_id].answer.replace("Certainly! ", "").replace("Anything else?", "</blockquote>")
            yield say(row_id, "ann <b>", decision="edit", text=text)
        else:
            issues = {"issues": ["wrong", "incomplete"][: 1 + n % 2]} if not good else {}
            yield say(row_id, "ann <b>", decision="keep" if good else "drop", comment="ann's own", **issues)
        if n % 2:
            yield say(row_id, "bob", decision="keep" if good or draw.random() < 0.3 else "drop")
    last = list(items)[40]
    yield say(last, "bob", status="draft", decision="drop")
    yield say(last, "cy", mark="0" * 16, decision="drop")


def preferred(folder: Path) -> RunFolder:
    """12 pairs, answered by one person."""
    lines = [pair(f"p{n}", f"Question {n}?", "Good.", "Bad.", margin=n / 4) for n in range(12)]
    words = ("a", "b", "tie", "both_bad")
    return reviewed(
        folder, lines, PAIRS, lambda items, say: [say(i, "ann", winner=words[n % 4]) for n, i in enumerate(items)]
    )
