"""Contents in parts (`[{"type": "text", "text": ...}]`) as texts, a whole column at a time."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smoltalk.mixture.plain import arrow, is_list, is_text


def joined(contents: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]] | None:
    """Each turn's parts with line breaks between them, and which turns have parts that are no text, or none at all.

    None for a column that holds no lists of texts.
    """
    if not is_list(contents.type):
        return None
    parts = _texts(pc.list_flatten(contents))
    if parts is None:
        return None
    lengths = pc.list_value_length(contents).fill_null(0).to_numpy(zero_copy_only=False)
    bounds = np.zeros(len(contents) + 1, np.int32)
    np.cumsum(lengths, out=bounds[1:])
    odd: NDArray[np.bool_] = lengths == 0
    if parts.null_count:
        places = np.flatnonzero(parts.is_null().to_numpy(zero_copy_only=False))
        odd[np.searchsorted(bounds, places, side="right") - 1] = True
        parts = parts.fill_null("")
    lists = pa.ListArray.from_arrays(pa.array(bounds), parts.cast(pa.string()))
    return pc.binary_join(lists, "\n"), odd


def _texts(parts: pa.Array) -> pa.Array | None:
    """The text of each part, null for one that has none."""
    if is_text(parts.type):
        return arrow(parts)
    if not pa.types.is_struct(parts.type) or (at := parts.type.get_field_index("text")) < 0:
        return None
    return arrow(parts.flatten()[at]) if is_text(parts.type.field(at).type) else None
