"""Types of kept columns are told from every value, and no value is lost in its column."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.run.column_types import Kinds, arrow, fit


def typed(values: list[Any]) -> str:
    kinds = Kinds(["column"])
    for value in values:
        kinds.see({} if value is None else {"column": value})
    return kinds.types()["column"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], "string"),
        ([None], "string"),
        ([1, None, 2**63 - 1], "int"),
        ([1, 2.5], "float"),
        ([True, None], "bool"),
        (["a", None], "string"),
        ([["a"], []], "list of string"),
        ([[]], "list of string"),
        ([[1, 2], [], [None]], "list of int"),
        ([[1, None], [0.5]], "list of float"),
        ([[None], []], "list of float"),
        ([[None], ["a"]], "JSON"),
        ([[True]], "JSON"),
        ([[2**53 + 1, 0.5]], "JSON"),
        ([[1], ["a"]], "JSON"),
        ([True, 1], "JSON"),
        ([1, "1"], "JSON"),
        ([["a", 1]], "JSON"),
        ([{"a": 1}], "JSON"),
        ([2**63], "JSON"),
        ([2**53 + 1, 0.5], "JSON"),
    ],
)
def test_type_is_the_narrowest_that_loses_nothing(values: list[Any], expected: str) -> None:
    assert typed(values) == expected


_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "é<|", "x<|a|>", "\0"])
)
_values = st.lists(_scalars | st.lists(_scalars, max_size=3) | st.dictionaries(st.text("ab"), _scalars, max_size=2))


@settings(deadline=None)  # the first example pays for imports
@given(_values)
def test_every_value_fits_and_comes_back(values: list[Any]) -> None:
    kind = typed(values)
    back = pa.array([fit(value, kind) for value in values], arrow(kind)).to_pylist()  # type: ignore[arg-type]
    for value, found in zip(values, back, strict=True):
        if kind == "JSON" and value is not None:
            assert json.loads(found) == value or "<|" in str(value) or "\0" in str(value)
        elif kind in ("int", "float", "bool") or value is None:
            assert found == value
        assert "<|a|>" not in str(found)


def test_tools_are_always_a_string_of_json_and_template_options_a_struct() -> None:
    kinds = Kinds(["tools", "chat_template_kwargs"])
    kinds.see({"tools": "[]", "chat_template_kwargs": {"enable_thinking": False, "level": 1}})
    kinds.see({"tools": None, "chat_template_kwargs": None})
    types = kinds.types()
    assert types == {"tools": "JSON", "chat_template_kwargs": {"enable_thinking": "bool", "level": "int"}}
    assert arrow(types["chat_template_kwargs"]) == pa.struct([("enable_thinking", pa.bool_()), ("level", pa.int64())])
    assert fit(None, types["chat_template_kwargs"]) == {"enable_thinking": None, "level": None}
    kinds.see({"chat_template_kwargs": "thinking"})
    assert kinds.types()["chat_template_kwargs"] == "JSON"
