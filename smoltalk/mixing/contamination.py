"""The gate `decontaminate` over a batch of rows: the verdicts and evidence of its judge, at the speed of a scan."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from smoltalk.decontamination import Finder, finder
from smoltalk.decontamination.columns import Placed, placed, role_of, text_columns
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.mixing.shape import calls_of
from smoltalk.text import neutralise, shown


class Scan:
    """A gate's benchmarks, ready. Threads share one; each has a `desk`."""

    def __init__(self, gate: Decontaminate) -> None:
        """Raises `UserError`, and `WorldError` where a benchmark's items cannot be had."""
        self._gate = gate
        self._finder: Finder = finder(gate.against, gate.method, gate.threshold)

    def desk(self) -> object:
        """What one thread needs."""
        return self._finder.desk()

    def hits(self, batch: pa.RecordBatch, desk: object) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Row, reason and evidence of each row that holds an item."""
        names = text_columns(batch.schema, sorted(self._gate.reads()))
        names += calls_of(batch, names)
        found = placed(batch, names)
        for row, some in groupby(self._finder.find(found.texts, desk), key=lambda hit: hit.row):
            best, *others = some  # a row's best hit comes first
            name = self._finder.names[best.benchmark]
            item = shown(self._finder.called(best.benchmark, best.item))
            said = {"benchmark": name, "item": item, "score": round(best.score, 3), "kind": best.kind}
            more = {"others": len(others)} if others else {}
            where = _where(batch, names, found, row, best.first, best.last)
            yield row, f"in_{name}", {**said, "method": self._gate.method, **where, **more}


def _where(
    batch: pa.RecordBatch, names: Sequence[str], found: Placed, row: int, first: int, last: int
) -> dict[str, Any]:
    """Column, turn, role and the row's own words."""
    text = int(np.searchsorted(found.texts.offsets, first, "right")) - 1
    column, turn = names[found.columns[text]], int(found.turns[text])
    end = min(last, int(found.texts.offsets[text + 1]))
    words = {"text": shown(found.texts.data[first:end].tobytes().decode("utf-8", "replace"))}
    if turn < 0:
        return {"column": column, **words}
    role = role_of(batch.column(column)[row].as_py(), turn)
    return {"column": column, "turn": turn, **({"role": neutralise(role)[:40]} if role else {}), **words}
