"""Closed runs whose rows wait for people, pushed to a server and pulled back as the commands do."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from smoltalk.review import answers
from smoltalk.review.argilla.client import Argilla
from smoltalk.review.argilla.pulling import pull
from smoltalk.review.argilla.pushing import Place, push
from smoltalk.review.booking import Account, sampled, settle
from smoltalk.review.records import Item
from smoltalk.run import database
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books, read_books, read_rows
from tests.run.published_runs import PAIRS, PIPELINE, closed, loaded

WORKSPACE = "review"
_ALL = 50


class Ended(NamedTuple):
    """Where a row ended."""

    fate: str
    gate: str
    reason: str
    evidence: dict[str, Any]
    columns: dict[str, Any]

    @property
    def said(self) -> str:
        """The last answer of a conversation."""
        return str(self.columns["messages"][-1]["content"])

    @property
    def pair(self) -> tuple[str, str]:
        """The better answer and the worse one."""
        return self.columns["chosen"][0]["content"], self.columns["rejected"][0]["content"]


class Run:
    """A run, and the dataset of its name on a server."""

    def __init__(self, folder: Path, name: str, rows: Any, makes: str = "sft") -> None:
        text = (PAIRS if makes == "dpo" else PIPELINE).replace("tiny-talk", name).replace("tiny-pairs", name)
        folder.mkdir()
        self.name = name
        self.pipeline = loaded(folder, text=text.replace("keep:", f"  - human: {{sample: {_ALL}, wait: true}}\nkeep:"))
        self.folder: RunFolder = closed(folder / "run", rows)

    def items(self) -> dict[str, Item]:
        """What reviewers are to see, by row."""
        with closing(database.connect(self.folder.database)) as connection:
            return {item.id: item for item in sampled(self.pipeline, connection, _ALL, "random")}

    def push(self, argilla: Argilla, blind: bool = False) -> None:
        """Show all rows."""
        items = self.items().values()
        place = Place(self.name, WORKSPACE, 1, blind, self.name)
        pushed = push(argilla, place, self.pipeline.makes, items, lambda _: None)
        assert pushed.new == len(items)

    def pull(self, argilla: Argilla) -> tuple[Account, Books]:
        """Settle all answers."""
        with closing(database.connect(self.folder.database, write=True)) as connection:
            answers.keep(connection, pull(argilla, self.name, WORKSPACE))
            return settle(self.pipeline, connection), read_books(connection)

    def ended(self) -> dict[str, Ended]:
        """Every row of the ledger."""
        with closing(database.connect(self.folder.database)) as connection:
            return {
                fate.id: Ended(fate.fate, fate.gate, fate.reason, json.loads(fate.evidence), columns)
                for fate, columns in read_rows(connection)
            }
