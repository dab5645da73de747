"""Which rows a part is meant for: `only: {style: [concise]}`."""

from collections.abc import Mapping
from typing import Any

Label = str | bool | int | float
Only = dict[str, Label | tuple[Label, ...]]
"""Columns and the value or values they must have; every column counts."""


NOT_CHECKED = "not checked"
"""What a verifier says of a row that `only` leaves out; its verdict is `unknown`, and a gate with the same `only` keeps
the row."""


def concerns(only: Only, row: Mapping[str, Any]) -> bool:
    """Whether the row has one of the values in every column that `only` names; an empty one concerns all rows.

    Nothing is converted: `"5"` is not `5`, and `true` is not `1`.
    """
    return all(_is_one(row.get(column), wanted) for column, wanted in only.items())


def _is_one(value: Any, wanted: Label | tuple[Label, ...]) -> bool:
    labels = wanted if isinstance(wanted, tuple) else (wanted,)
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in labels)
