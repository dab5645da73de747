"""Rows on a screen: whole, column by column, and how each ended."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from smoltalk.cli.screen import end_of, value

if TYPE_CHECKING:
    from smoltalk.pipeline import Pipeline
    from smoltalk.rows import Row
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.journal import Fate


def shown(number: int, fate: "Fate", row: "Row") -> str:
    """One row: its columns, and its end."""
    lines = [f"row {number}  {fate.id}"]
    for name, content in row.items():
        lines += value(name, content, 2)
    lines.append(f"  => {end_of(fate.fate, fate.gate, fate.reason)}")
    for name, content in evidence(fate).items():
        lines += value(name, content, 5)
    return "\n".join(lines)


def evidence(fate: "Fate") -> dict[str, Any]:
    """What the gate said of a row it rejected; of an accepted row what each gate told, as `gate.key`."""
    said: dict[str, Any] = json.loads(fate.evidence)
    if fate.fate != "accepted":
        return said
    return {f"{gate}.{key}": content for gate, told in said.items() for key, content in told.items()}


def ordered(pipeline: "Pipeline", row: "Row") -> "Row":
    """The columns in the file's order, what is trained on last; what that says in full is left out."""
    from smoltalk.pipeline.model import TRAINED_ON

    order = [*sorted(pipeline.born_with), *(name for step in pipeline.steps for name in sorted(step.part.writes()))]
    last = TRAINED_ON[pipeline.makes]
    order = [*(name for name in order if name not in last), *(name for name in row if name not in order), *last]
    names = sorted(row, key=order.index)
    repeated = {"id", "instruction", "response"} if row.get(last[0]) else {"id"}
    return {name: row[name] for name in names if name not in repeated}


def accepted(pipeline: "Pipeline", folder: "RunFolder", n: int) -> Iterator[str]:
    """The first `n` accepted rows of a run, with the columns that were published."""
    from contextlib import closing

    from smoltalk.pipeline.model import TRAINED_ON
    from smoltalk.run import database
    from smoltalk.run.ledger import read_rows

    with closing(database.connect(folder.database)) as connection:
        for number, (fate, row) in enumerate(islice(read_rows(connection, "accepted"), n), 1):
            columns = ordered(pipeline, row)
            public = {*TRAINED_ON[pipeline.makes], "instruction", "response", *pipeline.keep}
            yield shown(number, fate, {name: columns[name] for name in columns if name in public})
