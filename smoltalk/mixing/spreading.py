"""What is known of the accepted rows before they are written: how many there are of each split, and which columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from smoltalk.mixing.buckets import PLACE
from smoltalk.mixing.choose import ACCEPTED, BEYOND, Chosen
from smoltalk.mixing.keys import keys, splits
from smoltalk.mixing.shape import TOKENS, Shape
from smoltalk.mixing.sift import Sifted
from smoltalk.mixing.workplace import read_batch
from smoltalk.mixture.columns import unified
from smoltalk.mixture.piece import CALLS
from smoltalk.mixture.source import Mix
from smoltalk.run.parquet import messages_type

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(slots=True)
class Outcome:
    """What became of one source, counted."""

    accepted: int = 0
    copies: int = 0
    beyond: int = 0
    tokens: int = 0
    splits: "NDArray[np.int64]" = field(default_factory=lambda: np.zeros(0, np.int64))
    """Accepted rows of each split, copies among them."""


class Spread(NamedTuple):
    """What is known of all accepted rows before they are written."""

    fields: tuple[pa.Field, ...]
    """Columns that are published beside the conversation, one type for all sources."""
    calls: bool
    """Whether conversations are published as JSON, for function calls."""

    def schema(self, form: Shape) -> pa.Schema:
        """Of rows in buckets."""
        said = pa.list_(pa.string()) if self.calls else messages_type()
        columns = [(PLACE, pa.uint64()), ("id", pa.string()), ("source", pa.string())]
        return pa.schema([*columns, *((name, said) for name in form.conversation), *self.fields])


def outcomes(mix: Mix, sifted: Sequence[Sifted], chosen: Chosen, seed: int) -> list[Outcome]:
    """What was chosen of each source."""
    found = []
    for number, one in enumerate(sifted):
        ends = chosen.of(number)
        end, copies = np.asarray(ends.column("end")), np.asarray(ends.column("copies"))
        outcome = Outcome(splits=np.zeros(len(mix.splits), np.int64))
        at = 0
        for piece, count in enumerate(one.counts):
            rows = np.flatnonzero(end[at : at + count.passed] == ACCEPTED)
            batch = read_batch(one.passed(piece))
            times = 1 + copies[at + rows].astype(np.int64)
            own = splits(keys(batch.column("id").take(pa.array(rows)), seed), mix.splits)
            outcome.splits += np.bincount(own, times, minlength=len(mix.splits)).astype(np.int64)
            if TOKENS in batch.schema.names:
                outcome.tokens += int((np.asarray(batch.column(TOKENS))[rows] * times).sum())
            outcome.accepted, outcome.copies = (
                outcome.accepted + int(times.sum()),
                outcome.copies + int(times.sum()) - len(rows),
            )
            at += count.passed
        outcome.beyond = int(np.isin(end, [*BEYOND]).sum())
        found.append(outcome)
    return found


def sizes(mix: Mix, sifted: Sequence[Sifted], found: Sequence[Outcome]) -> dict[str, int]:
    """About how many bytes each split has."""
    total = np.zeros(len(mix.splits))
    for one, outcome in zip(sifted, found, strict=True):
        passed = sum(count.passed for count in one.counts)
        total += outcome.splits * (sum(count.bytes for count in one.counts) / max(passed, 1))
    return dict(zip(mix.splits, total.astype(int).tolist(), strict=True))


def spread(sifted: Sequence[Sifted], form: Shape) -> Spread:
    """The types of published columns, over all sources."""
    schemas = [read_batch(one.passed(piece)).schema for one in sifted for piece in range(len(one.counts))]
    fields = []
    for name in form.kept:
        some = [schema.field(name) for schema in schemas if name in schema.names]
        whole = unified(some) if name in form.asked else some[0] if some else pa.field(name, pa.int64())
        fields.append(pa.field(name, pa.string()) if pa.types.is_null(whole.type) else whole)
    calls = {CALLS[name] for name in form.conversation}
    return Spread(tuple(fields), any(not calls.isdisjoint(schema.names) for schema in schemas))
