"""The gates that compare a row with those kept before it, over batches of rows: one after another, in row order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from smoltalk.decontamination.columns import text_columns
from smoltalk.decontamination.parts import Files
from smoltalk.deduplication import By, Job
from smoltalk.deduplication.comparing import comparing
from smoltalk.duplicates.names import Names
from smoltalk.duplicates.others import INSTRUCTION, chosen, rows_of
from smoltalk.errors import Problem, UserError
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.gates.semantic_duplicate import SemanticDuplicate

if TYPE_CHECKING:
    from numpy.typing import NDArray

Compares = (ExactDuplicate, NearDuplicate, SemanticDuplicate)
"""Such gates speak when rows are chosen, all others before."""
_MISSING = "missing_column"


class Repeats(NamedTuple):
    """A row that says what an earlier one says, or lacks the column to compare."""

    row: int
    reason: str
    evidence: str
    """JSON."""


class RepeatJudge:
    """One gate at work. Memory: that of its index (see `smoltalk.duplicates`), and 24 bytes of name a kept row."""

    def __init__(self, gate: ExactDuplicate | NearDuplicate | SemanticDuplicate) -> None:
        """Reads what the gate's rows are compared `against`. Raises `UserError`, `WorldError`."""
        by: By = "exact" if isinstance(gate, ExactDuplicate) else "near"
        by = "semantic" if isinstance(gate, SemanticDuplicate) else by
        job = Job(Files((), 0), by, (gate.on,), getattr(gate, "threshold", 1.0), (), getattr(gate, "ngram", 3))
        self._gate, self._by, self._names = gate, by, Names()
        self._index = comparing(job)
        for batch, ids, origin in rows_of(gate.against):
            seen = self._index.see(batch, chosen(batch.schema, [gate.on], origin), keep_all=True)
            self._names.extend(name for name, earlier in zip(ids, seen.found.earlier, strict=True) if earlier == -1)

    def judge(self, batch: pa.RecordBatch) -> list[Repeats]:
        """The rows that do not stay; the others are remembered. Raises `UserError` for vectors of unlike lengths."""
        there = _there(batch, self._gate.on)
        lacks = [] if there is None else np.flatnonzero(~there).tolist()
        kept = np.arange(batch.num_rows) if there is None else np.flatnonzero(there)
        some = batch if there is None else batch.filter(pa.array(there))
        evidence = orjson.dumps({"column": self._gate.on}).decode()
        turned = [Repeats(row, _MISSING, evidence) for row in lacks]
        if some.num_rows:
            turned += self._compared(_comparable(some, self._gate.on), kept)
        return turned

    def _compared(self, batch: pa.RecordBatch, rows: "NDArray[np.int64]") -> list[Repeats]:
        try:
            found = self._index.see(batch, [self._gate.on], keep_all=False).found
        except ValueError as error:
            raise UserError([Problem(f"the gate `{self._by}_duplicate`", 0, str(error))]) from error
        stays = np.flatnonzero(found.earlier == -1)
        self._names.extend(batch.column("id").take(pa.array(stays)).to_pylist())
        reason = "duplicate" if self._by == "exact" else f"{self._by}_duplicate"
        turned = []
        for row in np.flatnonzero(found.earlier >= 0).tolist():
            said: dict[str, Any] = {"column": self._gate.on, "duplicate_of": self._names[int(found.earlier[row])]}
            if self._by != "exact":
                said["similarity"] = round(float(found.similarity[row]), 3 if self._by == "near" else 4)
            turned.append(Repeats(int(rows[row]), reason, orjson.dumps(said).decode()))
        return turned

    def close(self) -> None:
        """Let go of what is open."""
        self._index.close()


def _there(batch: pa.RecordBatch, on: str) -> "NDArray[np.bool_] | None":
    """Which rows have the column; None: all of them."""
    if on not in batch.schema.names:
        return None if on == INSTRUCTION else np.zeros(batch.num_rows, np.bool_)
    column = batch.column(on)
    return column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None


def _comparable(batch: pa.RecordBatch, on: str) -> pa.RecordBatch:
    """Numbers and truth values are compared as the texts they are written as."""
    if on not in batch.schema.names or text_columns(batch.schema, [on]):
        return batch
    column = batch.column(on)
    if pa.types.is_list(column.type):
        return batch
    return batch.set_column(batch.schema.get_field_index(on), on, column.cast(pa.string()))


def judged(judges: Sequence[RepeatJudge], batch: pa.RecordBatch) -> list[tuple[int, Repeats]]:
    """Rows of a batch that do not stay, each with the number of the judge that says so; in no order."""
    rows = np.arange(batch.num_rows)
    turned: list[tuple[int, Repeats]] = []
    for number, judge in enumerate(judges):
        if not len(rows):
            break
        found = judge.judge(batch)
        if found:
            out = np.array([one.row for one in found])
            turned += [(number, one._replace(row=int(rows[one.row]))) for one in found]
            stays = np.ones(len(rows), np.bool_)
            stays[out] = False
            rows, batch = rows[stays], batch.filter(pa.array(stays))
    return turned
