"""Rows of datasets on disk or on the Hub as an index takes them: texts or vectors of chosen columns, and ids."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.decontamination.columns import ids_of, parents_of, placed, text_columns
from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.parts import Files, files
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.words import Texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.decontamination.parts import Part

INSTRUCTION, MESSAGES = "instruction", "messages"


class Told(NamedTuple):
    """Rows of one part of a dataset."""

    batch: pa.RecordBatch
    ids: list[str]
    """The column `id`, or `FILE:NUMBER`, counted from 1 within the file."""
    origin: str
    """The file or dataset."""


def opened(data: Sequence[str]) -> Files | OnHub:
    """Files, folders, globs, runs, or one dataset of the Hub. Raises `UserError` for a path with nothing to read."""
    found = files(data)
    return OnHub(data[0]) if found is None else found


class Reading:
    """Numbers rows within their file, for those that have no `id`."""

    def __init__(self) -> None:
        self._origin, self._row = "", 0

    def told(self, part: "Part", batch: pa.RecordBatch) -> Told:
        """A batch with its ids; batches come in their order."""
        if part.origin != self._origin:
            self._origin, self._row = part.origin, 0
        self._row += batch.num_rows
        own = ids_of(batch.column("id")) if "id" in batch.schema.names else [None] * batch.num_rows
        name, first = self._origin.rsplit("/", 1)[-1], self._row - batch.num_rows + 1
        ids = [f"{name}:{number}" if one is None else one for number, one in enumerate(own, first)]
        return Told(batch, ids, part.origin)


def rows_of(data: Sequence[str]) -> Iterator[Told]:
    """All rows of some DATA, in order; lines that are no rows are passed over. Raises `UserError`, `WorldError`."""
    for one in data:
        reading = Reading()
        for part in opened([one]).parts(lambda _: False):
            for block in part.read():
                for batch in block.table.combine_chunks().to_batches():
                    yield reading.told(part, batch)


def chosen(schema: pa.Schema, on: Sequence[str], origin: str) -> list[str]:
    """The columns to compare: `on`, else `messages`, else all that hold texts.

    `instruction` is the first user turn of `messages` where there is no such column. Raises `UserError`.
    """
    if not on:
        names = text_columns(schema)
        if not names:
            raise UserError([Problem(origin, 0, f"holds no column of texts; there is: {', '.join(schema.names)}")])
        return [MESSAGES] if MESSAGES in names else names
    problems = [
        Problem(origin, 0, f"has no column `{name}`", nearest(name, schema.names))
        for name in on
        if name not in schema.names and not (name == INSTRUCTION and MESSAGES in schema.names)
    ]
    if problems:
        raise UserError(problems)
    return list(on)


def texts_of_rows(batch: pa.RecordBatch, columns: Sequence[str]) -> Texts:
    """The texts of these columns, row by row; a column that is not there, or holds no text, gives none."""
    if INSTRUCTION in columns and INSTRUCTION not in batch.schema.names and MESSAGES in batch.schema.names:
        batch = batch.append_column(INSTRUCTION, _first_user_turns(batch.column(MESSAGES)))
    return placed(batch, text_columns(batch.schema, columns)).texts


def _first_user_turns(column: pa.Array) -> pa.Array:
    turns, rows = pc.list_flatten(column), pa.array(parents_of(column))
    names = [turns.type.field(at).name for at in range(turns.type.num_fields)] if pa.types.is_struct(turns.type) else []
    role = next((name for name in ("role", "from") if name in names), None)
    text = next((name for name in ("content", "value") if name in names), None)
    if role is None or text is None:
        return pa.nulls(len(column), pa.string())
    by_user = pc.is_in(pc.struct_field(turns, role), pa.array(["user", "human"]))
    rows, texts = rows.filter(by_user), pc.struct_field(turns, text).filter(by_user)
    owners, first = np.unique(rows.to_numpy(zero_copy_only=False), return_index=True)
    places = np.full(len(column), -1, np.int64)
    places[owners] = first
    return texts.take(pa.array(places, mask=places < 0))


def vectors_of(batch: pa.RecordBatch, column: str) -> "NDArray[np.float32] | None":
    """The vectors in a column, of length 1 each, zeros for null; None for a column that holds none.

    Raises `ValueError` where they differ in length.
    """
    array = batch.column(column)
    if pa.types.is_fixed_size_list(array.type):
        array = array.cast(pa.list_(array.type.value_type))
    if not (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
        return None
    if not (pa.types.is_floating(array.type.value_type) or pa.types.is_integer(array.type.value_type)):
        return None
    lengths = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    sizes = set(lengths.tolist()) - {0}
    if len(sizes) > 1:
        raise ValueError(f"column `{column}` holds vectors of {' and '.join(map(str, sorted(sizes)))} numbers")
    found = np.zeros((len(array), max(sizes, default=0)), np.float32)
    found[lengths > 0] = pc.list_flatten(array).to_numpy(zero_copy_only=False).reshape(-1, found.shape[1] or 1)
    found[~np.isfinite(found).all(axis=1)] = 0
    return unit(found)


def no_vectors(column: str, origin: str) -> UserError:
    """What to say of a column without vectors."""
    return UserError([Problem(origin, 0, f"column `{column}` holds no vectors", "the step `embed` writes them")])


def unit(vectors: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Each row divided by its length; zeros stay zeros."""
    length: NDArray[np.float32] = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    length[length == 0] = 1
    whole: NDArray[np.float32] = vectors / length
    return whole
