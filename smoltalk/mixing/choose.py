"""Second stage: which of the rows that passed go in, source by source; of rows that repeat each other, the first.

Of a source the rows with the smallest keys are taken, as many as are asked for. The gates that compare rows judge them
in row order; what they turn away is replaced by as many of the next smallest keys, until there are enough or no more.
Rows beyond what is asked for are never compared with. Memory: 8 bytes a row for its key and 4 for its end, and what the
gates remember of those that stay.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from smoltalk.mixing.judges import Compares, RepeatJudge, judged
from smoltalk.mixing.keys import keys
from smoltalk.mixing.sieve import MIX
from smoltalk.mixing.sift import Sifted
from smoltalk.mixing.workplace import Workplace, digest, read_batch, read_json, write_batch, write_json
from smoltalk.mixture.source import Mix, wanted
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 8_192
"""Rows that are judged at a time."""


class End(NamedTuple):
    """Where a row ends."""

    fate: str
    gate: str
    reason: str


ACCEPTED = 0
_BEYOND_SHARE, _BEYOND_COUNT, _SAME = 1, 2, 3
ENDS = (
    End("accepted", "", ""),
    End("rejected", MIX, "beyond_share"),
    End("rejected", MIX, "beyond_count"),
    End("rejected", MIX, "same_row"),
)
"""What a mixture says of a row; what gates say comes after it."""
BEYOND = frozenset({_BEYOND_SHARE, _BEYOND_COUNT})


@dataclass(slots=True)
class Chosen:
    """What was chosen, on the disk."""

    folder: Path
    ends: list[End] = field(default_factory=list)
    """What the numbers in column `end` mean."""

    def of(self, source: int) -> pa.RecordBatch:
        """For each row of a source that passed, over all its pieces: `end`, `copies` (how often it goes in once more)
        and `evidence` (JSON, or null)."""
        return read_batch(self.folder / f"{source}.arrow")

    @property
    def state(self) -> Path:
        """There once all sources are chosen."""
        return self.folder / "done.json"


def choose(
    pipeline: Pipeline, mix: Mix, sifted: Sequence[Sifted], place: Workplace, tell: Callable[[str, int, int], None]
) -> Chosen:
    """All sources, or what an earlier call chose; `tell` hears source, rows so far and rows in all."""
    gates = [(label, gate) for label, gate in labelled_gates(pipeline) if isinstance(gate, Compares)]
    asked = wanted(mix)
    said = [
        [one.reader.name, one.digest, asked[one.reader.name], mix.sources[one.reader.name].repeat] for one in sifted
    ]
    chosen = Chosen(place.chosen(digest([said, pipeline.seed, [[label, gate.identity()] for label, gate in gates]])))
    if ends := read_json(chosen.state):
        chosen.ends = [End(*one) for one in ends]
        return chosen
    total = sum(count.passed for one in sifted for count in one.counts)
    with ExitStack() as stack:
        judges = [stack.enter_context(closing(RepeatJudge(gate))) for _, gate in gates]
        table, before, rows = _Ends([label for label, _ in gates]), np.empty(0, np.uint64), 0
        for number, one in enumerate(sifted):
            source = mix.sources[one.reader.name]
            source_keys = _keys(one, pipeline.seed)
            last = _BEYOND_COUNT if source.share is None else _BEYOND_SHARE
            choosing = _Choosing(one, source_keys, judges, table, last)
            choosing.same(before)

            def told(more: int, name: str = one.reader.name, rows: int = rows) -> None:
                tell(name, rows + more, total)

            choosing.take(asked[one.reader.name], told)
            copies = _copies(choosing, asked[one.reader.name], source.repeat)
            before = np.concatenate([before, source_keys[choosing.ends == ACCEPTED]])
            write_batch(chosen.folder / f"{number}.arrow", choosing.batch(copies))
            rows += len(source_keys)
            tell(one.reader.name, rows, total)
    chosen.ends = table.ends
    write_json(chosen.state, chosen.ends)
    return chosen


def _keys(one: Sifted, seed: int) -> "NDArray[np.uint64]":
    found = [keys(read_batch(one.passed(piece)).column("id"), seed) for piece in range(len(one.counts))]
    return np.concatenate(found) if found else np.empty(0, np.uint64)


class _Ends:
    """Numbers for ends."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels, self.ends = labels, list(ENDS)
        self._numbers: dict[End, int] = {}

    def number(self, judge: int, reason: str) -> int:
        end = End("rejected", self._labels[judge], reason)
        if end not in self._numbers:
            self._numbers[end] = len(self.ends)
            self.ends.append(end)
        return self._numbers[end]


class _Choosing:
    """One source at work."""

    def __init__(
        self, one: Sifted, source_keys: "NDArray[np.uint64]", judges: Sequence[RepeatJudge], table: _Ends, last: int
    ) -> None:
        self.ends = np.full(len(source_keys), last, np.int16)
        self.keys, self.judges, self._table, self._one = source_keys, judges, table, one
        self.evidence: dict[int, str] = {}
        self._starts = np.cumsum([0, *(count.passed for count in one.counts)])
        self._free = np.ones(len(source_keys), np.bool_)

    def same(self, before: "NDArray[np.uint64]") -> None:
        """Set apart rows that are equal to an earlier one in id and content."""
        _, first = np.unique(self.keys, return_index=True)
        again = np.ones(len(self.keys), np.bool_)
        again[first] = False
        again |= np.isin(self.keys, before)
        self.ends[again] = _SAME
        self._free = ~again

    def take(self, many: int | None, tell: Callable[[int], None]) -> None:
        """Rounds, until there are enough rows or no more."""
        free = np.flatnonzero(self._free)
        order = free if many is None else free[np.argsort(self.keys[free], kind="stable")]
        taken, at = 0, 0
        while at < len(order) and (many is None or taken < many):
            some = np.sort(order[at : len(order) if many is None else at + many - taken])
            taken += self._round(some, lambda more, at=at: tell(at + more))  # type: ignore[misc]
            at += len(some)

    def _round(self, some: "NDArray[np.int64]", tell: Callable[[int], None]) -> int:
        self.ends[some] = ACCEPTED
        if not self.judges:
            return len(some)
        out = 0
        for done, (rows, batch) in enumerate(self._batches(some)):
            for number, one in judged(self.judges, batch):
                row = int(rows[one.row])
                self.ends[row], self.evidence[row] = self._table.number(number, one.reason), one.evidence
                out += 1
            tell(done * _BATCH)
        return len(some) - out

    def _batches(self, some: "NDArray[np.int64]") -> Iterator[tuple["NDArray[np.int64]", pa.RecordBatch]]:
        """Rows of a round and their columns, in row order."""
        bounds = np.searchsorted(some, self._starts)
        for piece, (first, last) in enumerate(itertools.pairwise(bounds)):
            if first == last:
                continue
            batch, start = read_batch(self._one.passed(piece)), self._starts[piece]
            for at in range(first, last, _BATCH):
                rows = some[at : min(at + _BATCH, last)]
                whole = rows[-1] - rows[0] + 1 == len(rows)
                yield rows, batch.slice(rows[0] - start, len(rows)) if whole else batch.take(pa.array(rows - start))

    def batch(self, copies: "NDArray[np.int32]") -> pa.RecordBatch:
        """As `Chosen.of` gives it."""
        evidence: list[str | None] = [None] * len(self.ends)
        for row, said in self.evidence.items():
            evidence[row] = said
        arrays = [pa.array(self.ends), pa.array(copies), pa.array(evidence, pa.string())]
        return pa.record_batch(arrays, names=["end", "copies", "evidence"])


def _copies(choosing: _Choosing, asked: int | None, repeat: int) -> "NDArray[np.int32]":
    """How often each accepted row goes in once more: as evenly as can be, those of the smallest keys first."""
    found = np.zeros(len(choosing.ends), np.int32)
    rows = np.flatnonzero(choosing.ends == ACCEPTED)
    if asked is None or not len(rows):
        found[rows] = repeat - 1
        return found
    more = min(max(asked - len(rows), 0), len(rows) * (repeat - 1))
    each, rest = divmod(more, len(rows))
    found[rows] = each
    found[rows[np.argsort(choosing.keys[rows], kind="stable")[:rest]]] += 1
    return found
