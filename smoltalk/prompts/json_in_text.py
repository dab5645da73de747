"""JSON values that stand somewhere in a model's reply: alone, in fences, or in prose."""

import json
from collections.abc import Iterator
from typing import Any

_MAX_STARTS = 64
"""How many openings of a reply are tried: each costs as much as the reply is long."""


def json_values(text: str, opening: str, decoder: json.JSONDecoder, nested: bool = False) -> Iterator[Any]:
    """Values that begin with `opening` (`{` or `[`), in order; `nested` looks for more inside one that was given.

    What is no JSON, and what the decoder refuses with a `ValueError`, is passed over.
    """
    start = text.find(opening)
    for _ in range(_MAX_STARTS):
        if start < 0:
            return
        after = start + 1
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            pass
        else:
            yield value
            after = after if nested else end
        start = text.find(opening, after)
