"""A run with chosen books: the pipeline's file, and a ledger written through the real journal."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from smoltalk.contracts import RowGate, Source, Verdict
from smoltalk.pipeline import Pipeline, load
from smoltalk.rows import Row
from smoltalk.run import database
from smoltalk.run.folder import RunFolder
from smoltalk.run.journal import Fate, Journal
from smoltalk.run.ledger import read_books
from smoltalk.run.publishable import write_files

HERE = "tests.run.published_runs"

PIPELINE = f"""
name: tiny-talk
description: Small talk <b>made</b> for *tests* | with a pipe.
licence: cc-by-4.0
language: en
steps:
  - {HERE}.Given: {{}}
gates:
  - {HERE}.Short: {{most: 40}}
  - decontaminate: {{against: [gsm8k, arena_hard], of: instruction}}
keep: [topic, score]
"""

PAIRS = f"""
name: tiny-pairs
makes: dpo
description: Pairs of answers.
licence: cc-by-4.0
language: en
steps:
  - {HERE}.Columns: {{columns: [instruction, prompt, chosen, rejected, margin, chosen_by, rejected_by, scores]}}
gates:
  - decontaminate: {{against: [gsm8k], of: prompt}}
keep: [margin, chosen_by, rejected_by, scores]
"""


class Given(Source):
    """Six rows, two of them too long."""

    def writes(self) -> frozenset[str]:
        return frozenset({"instruction", "response", "topic", "score", "prompt"})

    def size(self) -> int:
        return 6

    def rows(self, start: int = 0) -> Any:
        for i in range(start, 6):
            long = " and so on" * 9 if i % 3 == 2 else ""
            yield {
                "instruction": f"question {i}{long}",
                "response": f"answer {i}",
                "topic": "talk",
                "score": i / 2,
                "prompt": "",
            }


class Columns(Source):
    """Bears no rows, with these columns: a run's lines are given by the test."""

    columns: tuple[str, ...]

    def writes(self) -> frozenset[str]:
        return frozenset(self.columns)

    def size(self) -> int:
        return 0

    def rows(self, start: int = 0) -> Any:
        return iter(())


class Short(RowGate):
    """Rejects long questions."""

    most: int = 40

    def reads(self) -> frozenset[str]:
        return frozenset({"instruction"})

    def judge(self, row: Row) -> Verdict:
        length = len(row["instruction"])
        return Verdict(length <= self.most, "too_long", {"length": length, "most": self.most})


def accepted(id: str, question: str = "Hi?", answer: str = "Hello.", **columns: Any) -> tuple[str, ...]:
    """A ledger line of an accepted row: id, fate, gate, reason, evidence, columns."""
    row = {"id": id, "source": "given", "messages": turns(question, answer), **columns}
    return id, "accepted", "", "", "{}", json.dumps(row)


def pair(id: str, asked: str, chosen: str, rejected: str, **columns: Any) -> tuple[str, ...]:
    """A ledger line of an accepted pair of answers."""
    answers = {
        name: [{"role": "assistant", "content": said}] for name, said in (("chosen", chosen), ("rejected", rejected))
    }
    row = {"id": id, "source": "given", "prompt": turns(asked), **answers, **columns}
    return id, "accepted", "", "", "{}", json.dumps(row)


def ended(id: str, fate: str, gate: str, reason: str, evidence: object, **columns: Any) -> tuple[str, ...]:
    """A ledger line of a rejected or failed row."""
    return id, fate, gate, reason, json.dumps(evidence), json.dumps({"id": id, "source": "given", **columns})


def turns(*contents: str) -> list[dict[str, str]]:
    """Contents as turns of a user and an assistant."""
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]


def loaded(folder: Path, *, text: str = PIPELINE, **keys: str) -> Pipeline:
    """The pipeline of these tests; keyword arguments replace the line of a key."""
    lines = [line for line in text.strip().splitlines() if line.partition(":")[0] not in keys]
    path = folder / "tiny.yaml"
    path.write_text("\n".join([*lines, *(f"{key}: {value}" for key, value in keys.items())]) + "\n")
    return load(path)


def closed(folder: Path, lines: Iterable[Sequence[str]], state: str = "complete", **meta: object) -> RunFolder:
    """A run folder whose ledger holds these lines."""
    folder.mkdir(exist_ok=True)
    run = RunFolder(folder)
    run.database.unlink(missing_ok=True)
    fates = [Fate(row, *line) for row, line in enumerate(lines)]
    asyncio.run(_journal(run, fates, {"state": state, **meta}))
    return run


async def _journal(run: RunFolder, fates: list[Fate], meta: dict[str, object]) -> None:
    with closing(database.connect(run.database, write=True)):
        pass
    journal = Journal(run.database)
    for fate in fates:
        journal.fate(fate)
    journal.note(born=len(fates), fingerprints='{"source": "abc"}', **meta)
    await journal.close()
    with closing(database.connect(run.database)) as connection:
        books = read_books(connection)
    assert Counter(f.fate for f in fates) == Counter(
        accepted=books.accepted, rejected=books.rejected, failed=books.failed, pending=books.pending
    )


def publish(pipeline: Pipeline, run: RunFolder) -> None:
    """Write the run's files as the end of a session does."""
    with closing(database.connect(run.database)) as connection:
        write_files(pipeline, run, connection, read_books(connection))
