"""Turns out of columns, without a Python object for each: lists of mappings, mappings of lists, maps, JSON, texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from numpy.typing import NDArray

from smoltalk.mixture.contents import utf8
from smoltalk.mixture.plain import Column, arrow, is_list, is_text, taken, values
from smoltalk.mixture.roles import ASSISTANT, SYSTEM, UNKNOWN, USER, codes_of
from smoltalk.mixture.turning_parts import joined
from smoltalk.mixture.turning_values import (
    CALLS,
    CONTENT,
    NO_TEXT,
    NO_TURNS,
    ROLE,
    STRANGER,
    Bad,
    Turns,
    from_values,
)
from smoltalk.text import shown, valid

Rows = NDArray[np.int64]


def conversations(column: Column, speaker: int | None = None) -> Turns:
    """The conversations of a column. A text is what `speaker` says, or where none is named, a conversation as JSON."""
    if isinstance(column, list):
        return from_values(column, speaker)
    column = arrow(column)
    if is_text(column.type):
        return _of_json(column) if speaker is None else _of_one(column, speaker)
    if is_list(column.type) and (pa.types.is_struct(column.type.value_type) or pa.types.is_map(column.type.value_type)):
        lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return _of_turns(column, _bounds(lengths), pc.list_flatten(column))
    if pa.types.is_struct(column.type):
        return _of_lists(column)
    return from_values(values(column))


def exchanges(columns: Mapping[int, Column], names: Mapping[int, str]) -> Turns:
    """One turn a column, of the speaker it is under: system, which need not be there in every row, user, assistant.

    `names` are what the columns are called.
    """
    bad: dict[int, Bad] = {}
    mended: set[int] = set()
    texts: list[pa.Array] = []
    for speaker in (SYSTEM, USER, ASSISTANT):
        if speaker in columns:
            found, wrong = _texts(columns[speaker], names[speaker], needed=speaker != SYSTEM)
            bad = wrong | bad
            sound = utf8(found)
            mended |= set(sound.changed.tolist())
            texts.append(sound.texts.fill_null(""))
    count = len(texts[0])
    order = np.arange(count)[:, None] + count * np.arange(len(texts))[None, :]
    there = np.ones(order.shape, np.bool_)
    if SYSTEM in columns:
        there[:, 0] = pc.binary_length(texts[0]).to_numpy(zero_copy_only=False) > 0
    speakers = [speaker for speaker in (SYSTEM, USER, ASSISTANT) if speaker in columns]
    codes = np.broadcast_to(np.array(speakers, np.int8), order.shape)[there]
    contents = pa.concat_arrays([one.cast(pa.large_string()) for one in texts]).take(pa.array(order[there]))
    return Turns(_bounds(there.sum(axis=1)), codes, contents, bad, {}, mended)


def some(turns: Turns, rows: Rows) -> Turns:
    """The turns of some rows, in this order."""
    lengths = np.diff(turns.rows)[rows]
    bounds = _bounds(lengths)
    places = np.repeat(turns.rows[:-1][rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
    new = np.full(len(turns.rows) - 1, -1, np.int64)
    new[rows] = np.arange(len(rows))
    return Turns(
        bounds,
        turns.codes[places],
        turns.contents.take(pa.array(places)),
        {int(new[row]): bad for row, bad in turns.bad.items() if new[row] >= 0},
        {int(new[row]): calls for row, calls in turns.calls.items() if new[row] >= 0},
        {int(new[row]) for row in turns.mended if new[row] >= 0},
    )


def _bounds(lengths: Any) -> Rows:
    bounds = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return bounds


# ---------------------------------------------------------------- lists of turns


def _of_turns(column: pa.Array, rows: Rows, turns: pa.Array) -> Turns:
    """Of a column whose flat values are `turns`: mappings with a role and a content."""
    fields = _fields(turns)
    role, content, irregular = _chosen(fields, ROLE), _chosen(fields, CONTENT), _called(fields, len(turns))
    if content is None and (parted := _parted(fields)) is not None:
        content, irregular = parted[0], irregular | parted[1]
    if role is None or content is None:
        return from_values(values(column))
    odd = np.flatnonzero(irregular)
    if not len(odd):
        return _judged(rows, role, content)
    bare = np.unique(np.searchsorted(rows, odd, side="right") - 1)
    if len(bare) * 2 > len(column):
        return from_values(values(column))
    return _replaced(_judged(rows, role, content), bare, from_values(values(taken(column, bare))))


def _fields(turns: pa.Array) -> dict[str, pa.Array]:
    """The fields of mappings; those of a null are null."""
    if pa.types.is_struct(turns.type):
        return {field.name: arrow(part) for field, part in zip(turns.type, turns.flatten(), strict=True)}
    if not is_text(turns.type.key_type) or not is_text(turns.type.item_type):
        return {}
    plain = turns.cast(pa.map_(pa.string(), pa.large_string()))
    return {name: pc.map_lookup(plain, pa.scalar(name), "first") for name in (*ROLE, *CONTENT, *CALLS)}


def _chosen(fields: Mapping[str, pa.Array], names: tuple[str, ...]) -> pa.Array | None:
    """The first of these fields that is no null, row by row; None where one of them is no text."""
    found = [fields[name] for name in names if name in fields and not pa.types.is_null(fields[name].type)]
    if not found or not all(is_text(one.type) for one in found):
        return None
    if len(found) == 1:
        return found[0]
    return pc.coalesce(*(one.cast(pa.large_string()) for one in found))


def _parted(fields: Mapping[str, pa.Array]) -> tuple[pa.Array, NDArray[np.bool_]] | None:
    """Contents in parts as texts, and the turns in which some part is none."""
    contents = [fields[name] for name in CONTENT if name in fields and not pa.types.is_null(fields[name].type)]
    return joined(contents[0]) if len(contents) == 1 else None


def _called(fields: Mapping[str, pa.Array], count: int) -> NDArray[np.bool_]:
    """Turns that may hold calls."""
    marked = np.zeros(count, np.bool_)
    for name in CALLS:
        field = fields.get(name)
        if field is None or field.null_count == len(field):
            continue
        there = pc.list_value_length(field).fill_null(0) if is_list(field.type) else field.is_valid()
        marked |= there.to_numpy(zero_copy_only=False).astype(np.bool_)
    return marked


def _judged(rows: Rows, role: pa.Array, content: pa.Array) -> Turns:
    """Turns of known shape; rows with a stranger, without a text or without turns are bad."""
    codes = codes_of(role)
    bad = {row: Bad("no_turns", NO_TURNS) for row in np.flatnonzero(rows[1:] == rows[:-1]).tolist()}
    strange = codes == UNKNOWN
    silent = content.is_null().to_numpy(zero_copy_only=False) if content.null_count else np.zeros(len(codes), np.bool_)
    for turn in np.flatnonzero(strange | silent).tolist():
        row = int(np.searchsorted(rows, turn, side="right")) - 1
        number = turn - int(rows[row]) + 1
        if row in bad:
            continue
        if strange[turn]:
            (name,) = values(role.slice(turn, 1))
            said = "nobody" if name is None else f"{shown(name, 40)!r}"
            bad[row] = Bad("unknown_role", f"turn {number} {STRANGER.format(said)}")
        else:
            bad[row] = Bad("no_content", f"turn {number} {NO_TEXT}")
    sound = utf8(content)
    mended = set((np.searchsorted(rows, sound.changed, side="right") - 1).tolist())
    return Turns(rows, codes, sound.texts.fill_null("") if content.null_count else sound.texts, bad, {}, mended)


def _replaced(turns: Turns, rows: Rows, others: Turns) -> Turns:
    """The turns, but those of some rows from `others`, in their order."""
    count = len(turns.rows) - 1
    joined = Turns(
        np.concatenate([turns.rows, others.rows[1:] + turns.rows[-1]]),
        np.concatenate([turns.codes, others.codes]),
        pa.concat_arrays([turns.contents.cast(pa.large_string()), others.contents.cast(pa.large_string())]),
        turns.bad | {row + count: bad for row, bad in others.bad.items()},
        turns.calls | {row + count: calls for row, calls in others.calls.items()},
        turns.mended | {row + count for row in others.mended},
    )
    order = np.arange(count)
    order[rows] = count + np.arange(len(rows))
    return some(joined, order)


# ---------------------------------------------------------------- other shapes


def _of_lists(column: pa.Array) -> Turns:
    """Of mappings of lists, as `datasets` writes a list of mappings."""
    fields = {field.name: arrow(part) for field, part in zip(column.type, column.flatten(), strict=True)}
    lists = {name: fields[name] for name in (*ROLE, *CONTENT) if name in fields and is_list(fields[name].type)}
    if len(lists) != 2 or any(name in fields for name in CALLS):
        return from_values(values(column))
    lengths = [pc.list_value_length(one).fill_null(0).to_numpy(zero_copy_only=False) for one in lists.values()]
    if not np.array_equal(*lengths):
        return from_values(values(column))
    flat = {name: arrow(pc.list_flatten(one)) for name, one in lists.items()}
    role, content = _chosen(flat, ROLE), _chosen(flat, CONTENT)
    if role is None or content is None:
        return from_values(values(column))
    return _judged(_bounds(lengths[0]), role, content)


def _of_one(column: pa.Array, speaker: int) -> Turns:
    """Texts, each one turn."""
    sound = utf8(column)
    texts = sound.texts.fill_null("")
    blank = np.flatnonzero(pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True))
    bad = {row: Bad("no_content", NO_TEXT) for row in blank.tolist()}
    codes = np.full(len(texts), speaker, np.int8)
    return Turns(np.arange(len(texts) + 1), codes, texts, bad, {}, set(sound.changed.tolist()))


_LINE = "x"


def _of_json(column: pa.Array) -> Turns:
    """Texts, each a conversation as JSON: all at once where they are of one kind and without calls."""
    texts = utf8(column).texts.cast(pa.large_string())
    if len(texts) and not texts.null_count and not pc.any(pc.match_substring(texts, "\n")).as_py():
        around = [pa.scalar(text, pa.large_string()) for text in (f'{{"{_LINE}":', "}\n", "")]
        lines = pc.binary_join_element_wise(around[0], texts, *around[1:])
        _, _, data = lines.buffers()
        try:
            reading = pyarrow.json.ReadOptions(use_threads=False, block_size=data.size + 1)
            parsed = pyarrow.json.read_json(pa.BufferReader(data), reading).combine_chunks()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return from_values(values(column))
        found = parsed.column(_LINE)
        if parsed.num_rows == len(texts) and parsed.num_columns == 1 and _regular(found.type):
            return conversations(found.chunk(0))
    return from_values(values(column))


def _regular(kind: pa.DataType) -> bool:
    """Whether it is a list of mappings of texts, without calls: those of several rows would get each other's fields."""
    return (
        is_list(kind)
        and pa.types.is_struct(kind.value_type)
        and not any(field.name in CALLS for field in kind.value_type)
        and all(is_text(field.type) for field in kind.value_type if field.name in (*ROLE, *CONTENT))
    )


def _texts(column: Column, name: str, needed: bool) -> tuple[pa.Array, dict[int, Bad]]:
    """Texts of a column, null where there is none, and rows in which it holds something else."""
    bad: dict[int, Bad] = {}
    if isinstance(column, list) or not is_text(column.type):
        said = values(column)
        wrong = [row for row, one in enumerate(said) if one is not None and not isinstance(one, str)]
        bad = {row: Bad("wrong_type", f"`{name}` holds no text") for row in wrong}
        texts = pa.array([valid(one) if isinstance(one, str) else None for one in said], pa.large_string())
    else:
        texts = arrow(column)
    if needed and texts.null_count:
        for row in np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False)).tolist():
            bad.setdefault(row, Bad("missing", f"`{name}` is null"))
    return texts, bad
