"""Parts of one side under one schema, so that the folder loads as one dataset."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.decontamination.folder import OutFolder


def unify(folder: OutFolder) -> None:
    """Rewrite the parts that lack a column or hold a narrower type. Safe to do again after a kill."""
    for side in folder.sides:
        schemas = {path: pq.read_schema(path) for path in folder.files(side)}
        if len({str(schema) for schema in schemas.values()}) > 1:
            target = _joined([schema.remove_metadata() for schema in schemas.values()])
            for path in schemas:
                _rewrite(folder, path, target)


def _joined(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Every column once, of a type that all parts fit; where there is none, JSON as text."""
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowTypeError:
        names = dict.fromkeys(name for schema in schemas for name in schema.names)
        return pa.schema([_field(name, [s.field(name) for s in schemas if name in s.names]) for name in names])


def _field(name: str, fields: Iterable[pa.Field]) -> pa.Field:
    try:
        return pa.unify_schemas([pa.schema([field]) for field in fields], promote_options="permissive").field(0)
    except pa.ArrowTypeError:
        return pa.field(name, pa.string())


def _rewrite(folder: OutFolder, path: Path, target: pa.Schema) -> None:
    with (
        folder.replacing(path) as new,
        pq.ParquetFile(path) as old,
        pq.ParquetWriter(new, target, compression="zstd", use_dictionary=False) as writer,
    ):
        for batch in old.iter_batches(batch_size=4_096, use_threads=False):
            columns = [_fitted(batch, field) for field in target]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=target))


def _fitted(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    try:
        return column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        if pa.types.is_string(field.type):
            texts = [
                None if v is None else v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str)
                for v in column.to_pylist()
            ]
            return pa.array(texts, field.type)
        return pa.array(column.to_pylist(), field.type)  # structs with fields the others lack
