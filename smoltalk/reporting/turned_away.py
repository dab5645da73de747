"""The one pass over rows that were turned away: sources, duplicates of what, benchmark items, and some to look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.decontamination.columns import ids_of
from smoltalk.reporting.measuring import in_parallel
from smoltalk.reporting.reading import Piece, batches
from smoltalk.reporting.sampled import Row, loads, rejected_row
from smoltalk.review.booking import LABEL, WAITING

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOLD = ("id", "source", "gate", "reason", "evidence")
_EACH = 6
"""Rows kept of each gate and reason, to choose from."""
_REASONS = 200
"""Different pairs of gate and reason of which rows are kept."""
_MOST_ITEMS = 100_000

FAILED = "failed"
"""What the file of failed rows is called."""


@dataclass(slots=True)
class Turned:
    """A row that was turned away."""

    row: Row
    fate: str
    gate: str
    reason: str
    evidence: dict[str, Any]


@dataclass(slots=True)
class InBenchmark:
    """What was found of one benchmark by one gate."""

    rows: int = 0
    items: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    best: tuple[float, str, str, str] = (-1.0, "", "", "")
    """Score, row, item and the row's words of the surest hit."""


@dataclass(slots=True)
class TurnedAway:
    """What was counted; those of pieces are merged in their order."""

    sources: dict[tuple[str, str], int] = field(default_factory=dict)
    """Rows by (source, `rejected`, `failed`, `pending` or `beyond`)."""
    heads: dict[str, list["NDArray[np.uint64]"]] = field(default_factory=dict)
    """By gate, of each duplicate a hash of the id of the row that stayed."""
    benchmarks: dict[tuple[str, str], InBenchmark] = field(default_factory=dict)
    """By (gate, benchmark)."""
    some: dict[tuple[str, str], list[Turned]] = field(default_factory=dict)
    """A few rows by (gate, reason)."""

    def merge(self, other: "TurnedAway") -> None:
        """Add another's."""
        for key, rows in other.sources.items():
            self.sources[key] = self.sources.get(key, 0) + rows
        for gate, found in other.heads.items():
            self.heads.setdefault(gate, []).extend(found)
        for name, one in other.benchmarks.items():
            mine = self.benchmarks.setdefault(name, InBenchmark())
            mine.rows, mine.kinds, mine.best = mine.rows + one.rows, mine.kinds + one.kinds, max(mine.best, one.best)
            if len(mine.items) < _MOST_ITEMS:
                mine.items |= one.items
        for reason, rows_there in other.some.items():
            if reason in self.some or len(self.some) < _REASONS:
                mine_there = self.some.setdefault(reason, [])
                mine_there += rows_there[: _EACH - len(mine_there)]


def turned_away(pieces: Sequence[Piece], kinds: Mapping[str, str]) -> TurnedAway:
    """Look at every row that was turned away; `kinds` says of gates which look for `duplicates` or `benchmarks`."""
    whole = TurnedAway()
    for found in in_parallel(lambda piece: _piece(piece, kinds), pieces):
        whole.merge(found)
    return whole


def _piece(piece: Piece, kinds: Mapping[str, str]) -> TurnedAway:
    found = TurnedAway()
    failed = piece.path.stem == FAILED
    wanted: list[tuple[int, str, str]] = []
    seen: Counter[tuple[str, str]] = Counter()
    first = 0
    for batch in batches(piece, _TOLD):
        gates, reasons = (_texts(batch, name) for name in ("gate", "reason"))
        _count_sources(found, batch, reasons, "failed" if failed else "rejected")
        for (gate, reason), places in _places(gates, reasons).items():
            for place in places[: max(0, _EACH - seen[gate, reason])].tolist():
                wanted.append((first + place, gate, reason))
            seen[gate, reason] += len(places)
            kind = "" if failed else kinds.get(gate, "")
            if kind and "evidence" in batch.schema.names:
                _evidence(found, kind, gate, batch.take(pa.array(places)))
        first += batch.num_rows
    if wanted:
        _keep(found, piece, wanted, "failed" if failed else "rejected")
    return found


def _texts(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.array([""] * batch.num_rows)
    return batch.column(name).cast(pa.string()).fill_null("")


def _places(gates: pa.Array, reasons: pa.Array) -> "dict[tuple[str, str], NDArray[np.int64]]":
    """Rows by gate and reason, in their order."""
    one, two = gates.dictionary_encode(), reasons.dictionary_encode()
    keys = one.indices.to_numpy(zero_copy_only=False).astype(np.int64) * len(two.dictionary)
    keys = keys + two.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(keys, kind="stable")
    found, starts = np.unique(keys[order], return_index=True)
    names, whys = one.dictionary.to_pylist(), two.dictionary.to_pylist()
    parts = np.split(order, starts[1:])
    return {
        (names[key // len(whys)], whys[key % len(whys)]): part for key, part in zip(found.tolist(), parts, strict=True)
    }


def _count_sources(found: TurnedAway, batch: pa.RecordBatch, reasons: pa.Array, fate: str) -> None:
    sources = _texts(batch, "source")
    beyond, waits = pc.starts_with(reasons, "beyond_"), pc.equal(reasons, WAITING)
    gone = pc.invert(pc.or_(beyond, waits))
    for kind, which in ((fate, gone), ("beyond", beyond), ("pending", waits)):
        rows = sources.filter(which)
        for entry in rows.value_counts().to_pylist():
            key = entry["values"] or "", kind
            found.sources[key] = found.sources.get(key, 0) + entry["counts"]


def _evidence(found: TurnedAway, kind: str, gate: str, batch: pa.RecordBatch) -> None:
    ids = ids_of(batch.column("id")) if "id" in batch.schema.names else [None] * batch.num_rows
    heads: list[int] = []
    for own, text in zip(ids, _texts(batch, "evidence").to_pylist(), strict=True):
        evidence = loads(text)
        if kind == "duplicates" and isinstance(head := evidence.get("duplicate_of"), str):
            heads.append(hashed(head))
        elif kind == "benchmarks" and isinstance(name := evidence.get("benchmark"), str):
            one = found.benchmarks.setdefault((gate, name), InBenchmark())
            one.rows += 1
            one.kinds[str(evidence.get("kind") or "")[:40]] += 1
            item, score = str(evidence.get("item"))[:200], evidence.get("score")
            if len(one.items) < _MOST_ITEMS:
                one.items.add(item)
            if isinstance(score, int | float) and score > one.best[0]:
                one.best = float(score), own or "", item, str(evidence.get("text") or "")
    if heads:
        found.heads.setdefault(gate, []).append(np.array(heads, np.uint64))


def hashed(name: str) -> int:
    """An id as a number: its own where it is one, as those of runs are."""
    try:
        return int(name, 16) if len(name) == 16 else hash_of(name)
    except ValueError:
        return hash_of(name)


def hash_of(name: str) -> int:
    """64 bits of any text."""
    from hashlib import blake2b

    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def _keep(found: TurnedAway, piece: Piece, wanted: list[tuple[int, str, str]], fate: str) -> None:
    """Read those rows whole."""
    wanted.sort()
    first = 0
    for batch in batches(piece):
        here = [one for one in wanted if first <= one[0] < first + batch.num_rows]
        if here:
            rows = batch.take(pa.array([place - first for place, _, _ in here])).to_pylist()
            for (_, gate, reason), row in zip(here, rows, strict=True):
                kept = found.some.setdefault((gate, reason), [])
                ended = "pending" if (gate, reason) == (LABEL, WAITING) else fate
                kept.append(Turned(rejected_row(row), ended, gate, reason, loads(row.get("evidence"))))
        first += batch.num_rows
        if first > wanted[-1][0]:
            break
