"""Which rows of a source are asked for: those whose columns hold the values that `where` names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smoltalk.mixture.plain import Column, arrow, is_text, values
from smoltalk.mixture.source import Value


def asked_for(where: Mapping[str, Value | list[Value]], columns: Mapping[str, Column], rows: int) -> NDArray[np.bool_]:
    """Rows that hold one of the values in every column; null is no value. A column that is not there holds nothing."""
    wanted = np.ones(rows, np.bool_)
    for name, value in where.items():
        column = columns.get(name)
        if column is None:
            return np.zeros(rows, np.bool_)
        wanted &= _holding(column, value if isinstance(value, list) else [value])
    return wanted


def _holding(column: Column, wanted: Sequence[Value]) -> NDArray[np.bool_]:
    if isinstance(column, list):
        known = {(_kind(value), value) for value in wanted}
        return np.array([_kind(one) != "" and (_kind(one), one) in known for one in column], np.bool_)
    column = arrow(column)
    kind = column.type
    if is_text(kind):
        return _in(column, [one for one in wanted if isinstance(one, str)])
    if pa.types.is_boolean(kind):
        return _in(column, [one for one in wanted if isinstance(one, bool)])
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = [one for one in wanted if isinstance(one, int | float) and not isinstance(one, bool)]
        if pa.types.is_floating(kind) or any(isinstance(one, float) for one in numbers):
            return _in(column.cast(pa.float64(), safe=False), [float(one) for one in numbers])
        return _in(column, [int(one) for one in numbers if _fits(int(one), kind)])
    return _holding(values(column), wanted)


def _fits(number: int, kind: pa.DataType) -> bool:
    try:
        pa.scalar(number, kind)
    except (pa.ArrowInvalid, OverflowError):
        return False
    return True


def _in(column: pa.Array, wanted: Sequence[Any]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = pc.is_in(column, pa.array(wanted, column.type), skip_nulls=True).to_numpy(
        zero_copy_only=False
    )
    return found


def _kind(value: Any) -> str:
    """Values of unlike kinds are never equal: `true` is not 1. What no YAML value can be is of no kind."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else ""
