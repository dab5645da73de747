"""A stretch of a source as a piece: rows asked for, conversations or why not, names, columns."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smoltalk.mixture.calls_in_text import neutralised_turns
from smoltalk.mixture.columns import kept, readable
from smoltalk.mixture.hashing import hashed, hashed_rows, names
from smoltalk.mixture.layout import OWN_ID, PAIR, Layout
from smoltalk.mixture.pairing import apart
from smoltalk.mixture.piece import CALLS, Failed, Piece
from smoltalk.mixture.plain import Column, is_text, taken
from smoltalk.mixture.roles import ASSISTANT, USER, names_of
from smoltalk.mixture.source import MixSource
from smoltalk.mixture.stretches import Stretch, Unread
from smoltalk.mixture.turning import conversations, exchanges, some
from smoltalk.mixture.turning_values import Bad, Turns
from smoltalk.mixture.where import asked_for
from smoltalk.records import MAX_TEXT
from smoltalk.text import neutralise

CONVERSATION = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_LONGEST_ID = 200
"""Bytes of an own id; a longer one is no name."""
_LONGEST_ROW = 10 * MAX_TEXT
"""Bytes of all turns of a row together."""


class Told(NamedTuple):
    """What a source is read as."""

    name: str
    source: MixSource
    layout: Layout


def assembled(told: Told, number: int, stretch: Stretch) -> Piece:
    """The piece that a stretch is."""
    whole = stretch.rows + len(stretch.unread)
    unread = [_unread(told.name, stretch.name, one) for one in stretch.unread]
    stretch, passed_over = _wanted(told, stretch)
    places = _places(stretch)
    ids = _own_ids(stretch, places)
    parts, bad = _conversations(told.layout, stretch)
    hashes = hashed(ids, told.name)
    for part in parts.values():
        hashes = hashed_rows(hashes, part.rows, part.codes, part.contents)[0]
    for place, part in enumerate(parts.values()):
        for row, calls in part.calls.items():
            hashes[row] ^= hashed(pa.array([calls]), place)[0]
    ours = names(hashes)
    sound = np.ones(stretch.rows, np.bool_)
    sound[list(bad)] = False
    good = np.flatnonzero(sound)
    batch, mended = _batch(told, stretch, good, ours, ids, parts)
    failed = [
        Failed(ours[row].as_py(), ids[row].as_py(), places[row].as_py(), *bad[row]) for row in sorted(bad)
    ]  # fmt: skip
    return Piece(number, told.name, whole, batch, _in_order(failed, unread), passed_over, mended)


def _in_order(failed: list[Failed], unread: list[Failed]) -> list[Failed]:
    """By their places, which end with a number."""
    if not unread:
        return failed
    return sorted([*failed, *unread], key=lambda one: int(one.place.rpartition(":")[2]))


def _unread(name: str, file: str, one: Unread) -> Failed:
    number, reason, detail, line = one
    place = neutralise(f"{file}:{number}")
    own = int(hashed(pa.array([line.decode("utf-8", "replace")[:1000]]), f"{name}\0{place}")[0])
    return Failed(f"{own:016x}", place, place, reason, neutralise(f"the line {detail}"))


def _wanted(told: Told, stretch: Stretch) -> tuple[Stretch, int]:
    """Only the rows that `where` asks for, and how many others there were."""
    if not told.source.where:
        return stretch, 0
    mask = asked_for(told.source.where, stretch.columns, stretch.rows)
    rows = np.flatnonzero(mask)
    if len(rows) == stretch.rows:
        return stretch, 0
    new = {int(row): place for place, row in enumerate(rows)} if stretch.mended else {}
    columns = {name: taken(column, rows) for name, column in stretch.columns.items()}
    mended = {new[row] for row in stretch.mended if row in new}
    less = stretch._replace(columns=columns, rows=len(rows), numbers=stretch.numbers[rows], mended=mended)
    return less, stretch.rows - len(rows)


# ---------------------------------------------------------------- names


def _places(stretch: Stretch) -> pa.Array:
    around = pa.scalar(neutralise(f"{stretch.name}:"))
    return pc.binary_join_element_wise(around, pa.array(stretch.numbers).cast(pa.string()), "")


def _own_ids(stretch: Stretch, places: pa.Array) -> pa.Array:
    """Their own ids as texts; the place of rows that have none, or one that is no name."""
    column = stretch.columns.get(OWN_ID)
    if column is None:
        return places
    texts = _as_texts(column)
    if texts is None:
        return places
    lengths = pc.binary_length(texts).fill_null(0)
    usable = pc.and_(pc.greater(lengths, 0), pc.less_equal(lengths, _LONGEST_ID))
    return texts if pc.all(usable).as_py() is not False and not texts.null_count else pc.if_else(usable, texts, places)


def _as_texts(column: Column) -> pa.Array | None:
    """None for a column of nothing that is a name."""
    if isinstance(column, list):
        said = [str(one) if isinstance(one, str | int) and not isinstance(one, bool) else None for one in column]
        return readable(pa.array(said, pa.string())).texts
    if is_text(column.type):
        return readable(column).texts
    return column.cast(pa.string()) if pa.types.is_integer(column.type) else None


# ---------------------------------------------------------------- conversations


def _conversations(layout: Layout, stretch: Stretch) -> tuple[dict[str, Turns], dict[int, tuple[str, str]]]:
    """The conversation or its parts, by our names, and the rows that are none: reason and sentence."""
    columns, rows = stretch.columns, stretch.rows
    if layout.speakers:
        there = {code: columns.get(name, [None] * rows) for code, name in layout.speakers.items()}
        turns = exchanges(there, layout.speakers)
        turns.mended.update(stretch.mended)
        bad = {row: (one.reason, one.detail) for row, one in (_too_long(turns) | turns.bad).items()}
        return {"messages": turns}, bad
    if not layout.pair:
        turns = _column(columns, layout.messages, rows)
        turns.mended.update(stretch.mended)
        return {"messages": turns}, _told({layout.messages: turns})
    asked = layout.pair["prompt"]
    prompt = _column(columns, asked, rows, USER) if asked in columns else None
    chosen, rejected = (_column(columns, layout.pair[part], rows, ASSISTANT) for part in PAIR[1:])
    chosen.mended.update(stretch.mended)
    parts = dict(zip(PAIR, apart(prompt, chosen, rejected), strict=True))
    return parts, _told({layout.pair[part]: turns for part, turns in parts.items()})


def _column(columns: dict[str, Column], name: str, rows: int, speaker: int | None = None) -> Turns:
    column = columns.get(name)
    if column is None:
        missing = {row: Bad("missing", "is not there") for row in range(rows)}
        return conversations([None] * rows)._replace(bad=missing)
    return conversations(column, speaker)


def _told(parts: dict[str, Turns]) -> dict[int, tuple[str, str]]:
    bad: dict[int, tuple[str, str]] = {}
    for name, turns in parts.items():
        for row, one in (_too_long(turns) | turns.bad).items():
            bad.setdefault(row, (one.reason, neutralise(f"`{name}` {one.detail}")))
    return bad


def _too_long(turns: Turns) -> dict[int, Bad]:
    """Rows with a text that no trainer could use and no machine should hold."""
    lengths = pc.binary_length(turns.contents).to_numpy(zero_copy_only=False).astype(np.int64)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    of_rows = sums[turns.rows[1:]] - sums[turns.rows[:-1]]
    if not (of_rows > MAX_TEXT).any():
        return {}
    bad = {
        row: Bad("too_long", f"holds {of_rows[row]:,} bytes of text, more than {_LONGEST_ROW:,}")
        for row in np.flatnonzero(of_rows > _LONGEST_ROW).tolist()
    }
    for turn in np.flatnonzero(lengths > MAX_TEXT).tolist():
        row = int(np.searchsorted(turns.rows, turn, side="right")) - 1
        characters = pc.utf8_length(turns.contents.slice(turn, 1))[0].as_py()
        if characters > MAX_TEXT:
            said = f"turn {turn - turns.rows[row] + 1} is {characters:,} characters long, more than {MAX_TEXT:,}"
            bad.setdefault(row, Bad("too_long", said))
    return bad


# ---------------------------------------------------------------- columns


def _batch(
    told: Told, stretch: Stretch, good: NDArray[np.int64], ours: pa.Array, ids: pa.Array, parts: dict[str, Turns]
) -> tuple[pa.RecordBatch, int]:
    """The rows that are conversations, and how many of them are not as they were."""
    every = len(good) == stretch.rows
    columns = stretch.columns if every else {n: taken(stretch.columns[n], good) for n in _carried(told, stretch)}
    arrays = [one if every else one.take(pa.array(good)) for one in (ours, ids)]
    source = pa.array([told.name]).take(pa.array(np.zeros(len(good), np.int8)))
    batch = {"id": arrays[0], "source": source, "source_id": arrays[1]}
    mended: set[int] = set()
    for name, turns in parts.items():
        turns = turns if every else some(turns, good)
        batch[name], changed = _listed(turns)
        mended |= changed
        batch[CALLS[name]] = pa.nulls(len(good), pa.string())
        if turns.calls:
            batch[CALLS[name]] = pa.array([turns.calls.get(row) for row in range(len(good))], pa.string())
    fields = [pa.field(name, array.type) for name, array in batch.items()]
    for name, theirs in told.layout.kept.items():
        batch[name], field = kept(name, columns.get(theirs), len(good))
        fields.append(field)
    return pa.RecordBatch.from_arrays(list(batch.values()), schema=pa.schema(fields)), len(mended)


def _carried(told: Told, stretch: Stretch) -> list[str]:
    return [name for name in told.layout.kept.values() if name in stretch.columns]


def _listed(turns: Turns) -> tuple[pa.Array, set[int]]:
    """A column of conversations, and the rows in it that are not as they were."""
    clean = neutralised_turns(turns)
    changed = set((np.searchsorted(turns.rows, clean.changed, side="right") - 1).tolist()) | turns.mended
    said = pa.StructArray.from_arrays(
        [names_of(turns.codes), clean.texts.cast(pa.string())], fields=list(CONVERSATION.value_type)
    )
    return pa.ListArray.from_arrays(pa.array(turns.rows.astype(np.int32)), said, CONVERSATION), changed
