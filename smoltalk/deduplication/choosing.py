"""Which columns of a file are compared, and what is wrong with those that the call names."""

import pyarrow as pa

from smoltalk.decontamination.columns import text_columns
from smoltalk.decontamination.heads import no_texts
from smoltalk.deduplication import Job
from smoltalk.duplicates.others import INSTRUCTION, MESSAGES, chosen
from smoltalk.errors import Problem, UserError

VECTORS = "embedding"
"""The column of vectors that the step `embed` writes; compared by `semantic` where the call names none."""


def compared(schema: pa.Schema, job: Job, origin: str) -> list[str]:
    """The call's own columns, else `embedding` for vectors, else `messages`, else all with text. Raises `UserError`."""
    if problems := mistakes(schema, job, origin):
        raise UserError(problems)
    if job.on or (job.by == "semantic" and VECTORS in schema.names):
        return list(job.on) or [VECTORS]
    return chosen(schema, (), origin) if text_columns(schema) else []  # only null so far


def mistakes(schema: pa.Schema, job: Job, origin: str) -> list[Problem]:
    """Columns that the call names and the file lacks, or that hold nothing to compare."""
    if job.by == "semantic" and (len(job.on) == 1 or (not job.on and VECTORS in schema.names)):
        name = job.on[0] if job.on else VECTORS
        if name in schema.names and _vectors(schema.field(name).type):
            return []
    given = [name for name in job.on if not (name == INSTRUCTION and _spoken(schema))]
    return no_texts(schema, given, origin) if given or not job.on else []


def _spoken(schema: pa.Schema) -> bool:
    """Whether `instruction` is the first turn of the user."""
    return INSTRUCTION not in schema.names and MESSAGES in schema.names


def _vectors(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_type
        return bool(pa.types.is_floating(inner) or pa.types.is_integer(inner) or pa.types.is_null(inner))
    return bool(pa.types.is_null(kind))
