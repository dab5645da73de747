"""What rows held that a gate turned away for a value, where no row passed: often the gate waits for a misspelt one."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing

from smoltalk.cli.screen import count
from smoltalk.run.database import connect
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books, read_rows

_VALUES = 6
"""Values of one column that are told."""


def turned_away(folder: RunFolder, books: Books) -> Iterator[str]:
    """A line for each gate that rejected by a column's value, in a run that accepted no row."""
    if books.accepted or not books.rejected:
        return
    held: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    with closing(connect(folder.database)) as connection:
        for fate, _ in read_rows(connection, "rejected"):
            evidence = json.loads(fate.evidence)
            if isinstance(evidence, dict) and isinstance(evidence.get("column"), str) and "value" in evidence:
                said = json.dumps(evidence["value"], ensure_ascii=False)
                held[fate.gate, evidence["column"]][said if len(said) <= 60 else f"{said[:60]} …"] += 1
    for (gate, column), values in held.items():
        most = [f"{value} in {count(rows, 'row')}" for value, rows in values.most_common(_VALUES)]
        others = [f"{len(values) - _VALUES} other values"] if len(values) > _VALUES else []
        yield f"{gate} turned away {count(values.total(), 'row')}: `{column}` was {', '.join([*most, *others])}"
