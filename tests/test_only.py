"""`only: {style: [concise]}` says which rows a part is meant for."""

from typing import Any

import pytest

from smoltalk.only import Only, concerns


@pytest.mark.parametrize(
    ("only", "row", "wanted"),
    [
        ({}, {}, True),
        ({"style": "concise"}, {"style": "concise"}, True),
        ({"style": "concise"}, {"style": "friendly"}, False),
        ({"style": ("concise", "plain")}, {"style": "plain"}, True),
        ({"style": "concise"}, {}, False),
        ({"style": "concise", "kind": "post"}, {"style": "concise", "kind": "email"}, False),
        ({"n": 1}, {"n": True}, False),
        ({"n": "1"}, {"n": 1}, False),
        ({"n": (1, False)}, {"n": False}, True),
        ({"n": "x"}, {"n": ["x"]}, False),
    ],
)
def test_every_column_counts_and_nothing_is_converted(only: Only, row: dict[str, Any], wanted: bool) -> None:
    assert concerns(only, row) is wanted
