"""Kept columns are of few types, lose nothing, and columns of two sources find a common one."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from smoltalk.mixture.columns import fitted, is_json, kept, unified


def _kind(field: pa.Field) -> str:
    return "JSON" if is_json(field) else str(field.type)


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        (pa.array([1, None], pa.int16()), "int64", [1, None]),
        (pa.array([1, 2**63], pa.uint64()), "string", ["1", str(2**63)]),
        (pa.array([1.5, float("nan"), float("inf")], pa.float32()), "double", [1.5, None, None]),
        (pa.array([True, None]), "bool", [True, None]),
        (pa.array(["<s>x", None]).dictionary_encode(), "string", ["< s>x", None]),
        (pa.array(["a"], pa.string_view()), "string", ["a"]),
        (pa.array([["<s>"], None, []], pa.large_list(pa.string())), "list<item: string>", [["< s>"], None, []]),
        (pa.array([[1, None], [2]], pa.list_(pa.int8())), "list<item: int64>", [[1, None], [2]]),
        (pa.array([{"a": 1}, None]), "JSON", ['{"a":1}', None]),
        (pa.array([[["a"]]]), "JSON", ['[["a"]]']),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "JSON", ['{"k":1}']),
        (pa.array([Decimal("1.50")]), "string", ["1.50"]),
        (pa.array([datetime.datetime(2024, 1, 2, 3)]), "string", ["2024-01-02T03:00:00"]),
        (pa.array([datetime.date(2024, 1, 2)]), "string", ["2024-01-02"]),
        (None, "null", [None, None]),
        ([1, None], "int64", [1, None]),
        ([1, 2.5], "double", [1.0, 2.5]),
        ([1, "a", None], "JSON", ["1", '"a"', None]),
        ([[1], ["a"]], "JSON", ["[1]", '["a"]']),
        ([["a"], []], "list<item: string>", [["a"], []]),
        ([2**70], "JSON", [str(2**70)]),
        ([{"<s>": 1}], "JSON", ['{"< s>":1}']),
        ([None, None], "null", [None, None]),
    ],
    ids=str,
)
def test_a_column_takes_one_of_a_few_types(column: Any, kind: str, values: list[Any]) -> None:
    array, field = kept("c", column, 2)
    assert _kind(field) == kind
    assert array.type == field.type
    assert array.to_pylist() == values


@pytest.mark.parametrize(
    ("one", "two", "kind"),
    [
        ([1], [2.5], "double"),
        ([2**60], [2.5], "JSON"),
        (["a"], [1], "JSON"),
        (["a"], None, "string"),
        ([[1]], [[1.5]], "list<item: double>"),
        ([["a"]], ["a"], "JSON"),
        ([{"a": 1}], ["a"], "JSON"),
        ([True], [1], "JSON"),
        (None, None, "string"),
    ],
    ids=str,
)
def test_two_columns_find_a_type_that_holds_both(one: Any, two: Any, kind: str) -> None:
    columns = [kept("c", column, 1) for column in (one, two)]
    to = unified([field for _, field in columns])
    assert _kind(to) == kind
    for (array, field), given in zip(columns, (one, two), strict=True):
        found = fitted(array, field, to)
        assert found.type == to.type
        values = found.to_pylist() if kind != "JSON" else [json.loads(v) if v else v for v in found.to_pylist()]
        assert values == (given or [None])


def test_a_unified_field_unifies_again() -> None:
    fields = [kept("c", column, 1)[1] for column in ([2**60], None, [1])]
    assert _kind(unified([unified(fields), kept("c", [1.5], 1)[1]])) == "JSON"
