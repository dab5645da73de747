"""Texts of rows as one buffer of UTF-8, without a Python object for each where they come from Arrow."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


class Texts(NamedTuple):
    """Row `r` has texts `rows[r]` to `rows[r + 1]`; text `t` is `data[offsets[t]:offsets[t + 1]]`, UTF-8."""

    data: "NDArray[np.uint8]"
    offsets: "NDArray[np.int64]"
    rows: "NDArray[np.int64]"


def texts_of(rows: Iterable[Sequence[str]]) -> Texts:
    """Of rows that are Python strings. Lone surrogates become `?`."""
    import numpy as np

    listed = list(rows)
    encoded = [text.encode("utf-8", "replace") for texts in listed for text in texts]
    return Texts(
        np.frombuffer(b"".join(encoded), np.uint8),
        np.fromiter(accumulate(map(len, encoded), initial=0), np.int64, len(encoded) + 1),
        np.fromiter(accumulate(map(len, listed), initial=0), np.int64, len(listed) + 1),
    )


def texts_of_column(column: "pa.Array") -> Texts:
    """Of an Arrow column: texts, lists of texts, or conversations (`list<struct<content, ...>>`); null is no text.

    No text is copied unless the column has nulls between its texts. Raises `TypeError` for any other column.
    """
    import numpy as np
    import pyarrow as pa

    rows = np.arange(len(column) + 1, dtype=np.int64)
    inner = column
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        rows = np.asarray(column.offsets).astype(np.int64)
        inner, rows = column.values.slice(rows[0], rows[-1] - rows[0]), rows - rows[0]
    if pa.types.is_struct(inner.type):
        inner = inner.field("content") if not inner.offset else inner.flatten()[inner.type.get_field_index("content")]
    if not (pa.types.is_string(inner.type) or pa.types.is_large_string(inner.type)):
        raise TypeError(f"a column of {column.type} holds no texts")
    if inner.null_count:
        inner = inner.fill_null("")
    return Texts(*_buffers(inner), rows)


def _buffers(texts: "pa.Array") -> "tuple[Any, Any]":
    import numpy as np
    import pyarrow as pa

    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    at = np.frombuffer(offsets, kind)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8), at
