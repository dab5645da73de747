"""The one pass over accepted rows: lengths, sources, tell-tale phrases and a sample, several pieces at a time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.reporting.reading import Piece, batches
from smoltalk.reporting.sampled import Row, row_of
from smoltalk.reporting.scanning import Scanned, scan_turns
from smoltalk.reporting.spoken import PARTS, ROLES, Spoken, spoken
from smoltalk.reporting.tallies import LengthTally
from smoltalk.reporting.tells import Told, empty

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

_AROUND = 90
"""Bytes quoted on each side of a phrase."""
_REJECTED, _CHOSEN = PARTS.index("rejected"), PARTS.index("chosen")
_SYSTEM, _ASSISTANT = ROLES.index("system"), ROLES.index("assistant")
_MOST_SOURCES = 1_000


@dataclass(slots=True)
class OfSource:
    """Accepted rows of one source."""

    rows: int = 0
    words: int = 0
    turns: int = 0


@dataclass(slots=True)
class Measured:
    """What was counted; those of pieces are merged in their order."""

    splits: Counter[str] = field(default_factory=Counter)
    sources: dict[str, OfSource] = field(default_factory=dict)
    lengths: dict[tuple[str, str], LengthTally] = field(default_factory=dict)
    """By (what, unit), as in `figures.Lengths`."""
    rows: int = 0
    spoke: int = 0
    """Rows with a turn whose phrases were counted, ..."""
    spoken_words: int = 0
    """... and the words of those turns."""
    told: Told = field(default_factory=empty)
    examples: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Of a tell its first hit: the row's id and the words around it."""
    sample: list[Row] = field(default_factory=list)

    def merge(self, other: "Measured") -> None:
        """Add another's."""
        self.splits += other.splits
        for name, one in other.sources.items():
            mine = self.source(name)
            mine.rows, mine.words = mine.rows + one.rows, mine.words + one.words
            mine.turns += one.turns
        for key, tally in other.lengths.items():
            self.lengths.setdefault(key, LengthTally()).merge(tally)
        self.rows, self.spoke = self.rows + other.rows, self.spoke + other.spoke
        self.spoken_words += other.spoken_words
        self.told = Told(self.told.times + other.told.times, self.told.rows + other.told.rows)
        self.examples = other.examples | self.examples
        self.sample += other.sample

    def source(self, name: str) -> OfSource:
        """The counts of a source; past a thousand of them they share one."""
        if name not in self.sources and len(self.sources) >= _MOST_SOURCES:
            name = "others"
        return self.sources.setdefault(name, OfSource())


def measure(pieces: Sequence[Piece], share: float) -> Measured:
    """Everything that is counted of accepted rows; `share` of them, drawn at random but the same each time, is kept.

    Memory does not grow with the rows.
    """
    whole = Measured()
    for found in in_parallel(lambda piece: _measured(piece, share), pieces):
        whole.merge(found)
    return whole


def in_parallel(work: Callable[[Piece], T], pieces: Sequence[Piece]) -> Iterator[T]:
    """Results in the order of pieces, few at a time."""
    threads = min(cpu_count() or 1, 8)
    with ThreadPoolExecutor(threads) as pool:
        waiting = []
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > 2 * threads:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _measured(piece: Piece, share: float) -> Measured:
    found = Measured(splits=Counter({piece.split: piece.rows}), rows=piece.rows)
    draw = np.random.default_rng([20_261_121, piece.number])
    for batch in batches(piece):
        turns = spoken(batch)
        scanned = _phrases(found, batch, turns)
        _lengths(found, batch.num_rows, turns, scanned.words)
        _sources(found, batch, turns, scanned.words)
        chosen = np.flatnonzero(draw.random(batch.num_rows) < share)
        if len(chosen):
            found.sample += [row_of(row, piece.split) for row in batch.take(pa.array(chosen)).to_pylist()]
    return found


def _phrases(found: Measured, batch: pa.RecordBatch, turns: Spoken) -> Scanned:
    counts = (turns.roles == _ASSISTANT) & (turns.parts != _REJECTED)
    if "chosen" in batch.schema.names:
        counts &= turns.parts == _CHOSEN
    data, offsets = turns.buffers()
    scanned = scan_turns(data, offsets, turns.rows, counts)
    found.told = Told(found.told.times + scanned.told.times, found.told.rows + scanned.told.rows)
    found.spoke += len(np.unique(turns.rows[counts]))
    found.spoken_words += int(scanned.words[counts].sum())
    for tell in np.flatnonzero(scanned.examples[:, 0] >= 0).tolist():
        if tell not in found.examples:
            text, first, last = scanned.examples[tell].tolist()
            quoted = _quoted(
                data, max(int(offsets[text]), first - _AROUND), min(int(offsets[text + 1]), last + _AROUND)
            )
            found.examples[tell] = _id(batch, int(turns.rows[text])), quoted
    return scanned


def _quoted(data: "NDArray[np.uint8]", first: int, last: int) -> str:
    return data[first:last].tobytes().decode("utf-8", "ignore")


def _id(batch: pa.RecordBatch, row: int) -> str:
    return str(batch.column("id")[row].as_py()) if "id" in batch.schema.names else ""


def _lengths(found: Measured, rows: int, turns: Spoken, words: "NDArray[np.int64]") -> None:
    characters = pc.utf8_length(turns.contents).to_numpy(zero_copy_only=False).astype(np.int64)
    pairs = bool((turns.parts == _CHOSEN).any())
    selected: dict[str, NDArray[np.bool_]] = {"row": np.ones(len(turns.rows), bool)}
    if pairs:
        selected |= {name: turns.parts == number for number, name in enumerate(PARTS) if name != "messages"}
    else:
        selected |= {name: turns.roles == number for number, name in enumerate(ROLES)}
    for what, chosen in selected.items():
        if not chosen.any() and what != "row":
            continue
        there = np.bincount(turns.rows[chosen], minlength=rows) > 0
        for unit, each in (("words", words), ("characters", characters)):
            sums = np.bincount(turns.rows[chosen], weights=each[chosen], minlength=rows).astype(np.int64)
            _tally(found, what, unit).add(sums if what == "row" else sums[there])
    counted = (turns.roles != _SYSTEM) & ((turns.parts == PARTS.index("prompt")) | (turns.parts == 0))
    _tally(found, "turns", "turns").add(np.bincount(turns.rows[counted], minlength=rows).astype(np.int64))


def _tally(found: Measured, what: str, unit: str) -> LengthTally:
    return found.lengths.setdefault((what, unit), LengthTally())


def _sources(
    found: Measured, batch: pa.RecordBatch, turns: Spoken, words: "NDArray[np.int64]"
) -> None:  # fmt: skip
    if "source" not in batch.schema.names:
        return
    column = batch.column("source")
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).fill_null("").dictionary_encode()
    names: list[Any] = column.dictionary.to_pylist()
    places = column.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    said = turns.roles != _SYSTEM
    counts = np.bincount(places, minlength=len(names))
    spoke = np.bincount(places[turns.rows], weights=words, minlength=len(names))
    took = np.bincount(places[turns.rows[said]], minlength=len(names))
    for number, name in enumerate(names):
        if counts[number]:
            one = found.source(str(name or ""))
            one.rows, one.words = one.rows + int(counts[number]), one.words + int(spoke[number])
            one.turns += int(took[number])
