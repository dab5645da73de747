"""Parts of one side under one schema, so that the folder loads as one dataset."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk.decontamination.added import agreed
from smoltalk.decontamination.folder import OutFolder

_UNFIT = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError)
_ROWS = 4_096


def unify(folder: OutFolder) -> None:
    """Rewrite the parts that lack a column or hold a narrower type. Safe to do again after a kill."""
    for side in folder.sides:
        given = {path: pq.read_schema(path).remove_metadata() for path in folder.files(side)}
        schemas = dict(zip(given, agreed(given.values()), strict=True))
        if len({str(schema) for schema in (*given.values(), *schemas.values())}) > 1:
            target = _without_loss(_joined(list(schemas.values())), schemas)
            for path, schema in schemas.items():
                _rewrite(folder, path, schema.names, target)


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


def _without_loss(target: pa.Schema, schemas: Mapping[Path, pa.Schema]) -> pa.Schema:
    """The target with text for each column of which some value does not fit: an integer that is no double."""
    for number, field in enumerate(target):
        others = [path for path, one in schemas.items() if field.name in one.names and one.field(field.name) != field]
        if not all(_fits(path, schemas[path].names.index(field.name), field) for path in others):
            target = target.set(number, field.with_type(pa.string()))
    return target


def _fits(path: Path, column: int, field: pa.Field) -> bool:
    try:
        with pq.ParquetFile(path) as old:
            name = old.schema_arrow.names[column]
            for batch in _batches(old, [name]):
                _fitted(batch.column(name), field)
    except _UNFIT:
        return False
    return True


def _rewrite(folder: OutFolder, path: Path, names: Sequence[str], target: pa.Schema) -> None:
    with (
        folder.replacing(path) as new,
        pq.ParquetFile(path) as old,
        pq.ParquetWriter(new, target, compression="zstd", use_dictionary=False) as writer,
    ):
        for batch in _batches(old):
            given = dict(zip(names, batch.columns, strict=True))
            columns = [
                _fitted(given[one.name], one) if one.name in given else pa.nulls(batch.num_rows, one.type)
                for one in target
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=target))


def _batches(parquet: pq.ParquetFile, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    yield from parquet.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False)


def _fitted(column: pa.Array, field: pa.Field) -> pa.Array:
    """Raises one of `_UNFIT` for values that the type does not hold; a text holds them all."""
    try:
        return column.cast(field.type)
    except _UNFIT:
        pass
    if pa.types.is_string(field.type):
        texts = [
            None if v is None else v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str)
            for v in column.to_pylist()
        ]
        return pa.array(texts, field.type)
    return pa.array(column.to_pylist(), field.type)  # structs with fields the others lack
