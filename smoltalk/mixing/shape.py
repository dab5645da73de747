"""What rows of a mixture look like on their way: which columns they have, who speaks how often, all that as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.decontamination.columns import parents_of
from smoltalk.mixture.birth import Mixture
from smoltalk.mixture.piece import CALLS
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.model import TRAINED_ON
from smoltalk.rows import Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

INSTRUCTION, TOKENS, TURNS = "instruction", "tokens", "turns"


@dataclass(frozen=True, slots=True)
class Shape:
    """Of one mixture."""

    conversation: tuple[str, ...]
    """Columns of turns."""
    asked: tuple[str, ...]
    """Columns of the sources beside those: what is kept, and what gates read."""
    kept: tuple[str, ...]
    """Columns that are published beside `id`, `source` and the conversation."""


def shape(pipeline: Pipeline, mixture: Mixture) -> Shape:
    """What a pipeline's rows look like. `instruction` is the first user turn."""
    conversation = TRAINED_ON[pipeline.makes]
    kept = tuple(name for name in dict.fromkeys(pipeline.keep) if name not in ("id", "source", *conversation))
    return Shape(conversation, mixture.carried, kept)


def turns(batch: pa.RecordBatch, conversation: Sequence[str]) -> "NDArray[np.int32]":
    """Turns of each row that are not the system's; of a pair, those of the prompt and one answer."""
    found = np.zeros(batch.num_rows, np.int32)
    for name in conversation[:2]:
        column = batch.column(name)
        spoken = pc.not_equal(pc.struct_field(pc.list_flatten(column), "role"), "system")
        owners = parents_of(column)[spoken.to_numpy(zero_copy_only=False)]
        found += np.bincount(owners, minlength=batch.num_rows).astype(np.int32)
    return found


def spoken(column: pa.Array) -> list[list[tuple[str, str]]]:
    """Each row's turns as roles and contents."""
    flat = pc.list_flatten(column)
    every = list(
        zip(pc.struct_field(flat, "role").to_pylist(), pc.struct_field(flat, "content").to_pylist(), strict=True)
    )
    ends = np.cumsum(pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)).tolist()
    return [every[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []


def rows(batch: pa.RecordBatch, source: str, conversation: Sequence[str]) -> list[Row]:
    """As gates read them that look at one row in Python: with function calls in their turns, JSON columns parsed."""
    found: list[Row] = batch.to_pylist()
    parsed = [field.name for field in batch.schema if is_json(field)]
    for row in found:
        row["source"] = source
        for name in parsed:
            row[name] = None if row[name] is None else orjson.loads(row[name])
        for name in conversation:
            if more := row.pop(CALLS[name], None):
                for turn, extra in zip(row[name], orjson.loads(more), strict=True):
                    turn |= extra
        first = next((turn for turn in row[conversation[0]] if turn["role"] == "user"), None)
        row.setdefault(INSTRUCTION, first["content"] if first else None)
    return found


def is_json(field: pa.Field) -> bool:
    """Whether a column of texts holds JSON."""
    return bool(field.metadata and field.metadata.get(b"json"))


def calls_of(batch: pa.RecordBatch, conversation: Iterable[str]) -> list[str]:
    """Of these columns of turns, the columns of the function calls in them, where a row has some."""
    there = [CALLS[name] for name in conversation if name in CALLS and CALLS[name] in batch.schema.names]
    return [name for name in there if batch.column(name).null_count < batch.num_rows]


def messages_of(batch: pa.RecordBatch, form: Shape) -> pa.Array:
    """The conversation of rows that are turned away; null for pairs, which have no single one."""
    column = batch.column(form.conversation[0])
    return column if len(form.conversation) == 1 else pa.nulls(len(column), column.type)


def rest_of(batch: pa.RecordBatch, source: str, form: Shape) -> list[str]:
    """All that is known of rows that are turned away beside what `messages_of` says, as JSON."""
    names = [*form.asked, *(form.conversation if len(form.conversation) > 1 else ())]
    if not names:
        plain: list[str] = json_objects({"source_id": batch.column("source_id")}).to_pylist()
        return plain
    found = []
    for row in rows(batch, source, form.conversation):
        some: dict[str, Any] = {name: row[name] for name in ("source_id", *names) if row.get(name) is not None}
        found.append(orjson.dumps(some, option=orjson.OPT_SORT_KEYS).decode())
    return found


def json_objects(columns: Mapping[str, pa.Array]) -> pa.Array:
    """A JSON object for each row, of columns of texts and of numbers; a null is left out."""
    parts: list[pa.Array] = []
    for name, column in columns.items():
        key = f'"{name}":'
        texts = _quoted(column) if pa.types.is_string(column.type) else column.cast(pa.string())
        parts.append(pc.binary_join_element_wise(key, texts, ""))
    inner = pc.binary_join_element_wise(*parts, ",", null_handling="skip") if len(parts) > 1 else parts[0]
    return pc.binary_join_element_wise("{", inner, "}", "")


def _quoted(texts: pa.Array) -> pa.Array:
    odd = pc.match_substring_regex(texts, r'["\\\x00-\x1f]')
    if pc.any(odd).as_py():
        return pa.array([None if one is None else orjson.dumps(one).decode() for one in texts.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")
