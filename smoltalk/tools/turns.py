"""A function call as a conversation, in the form that transformers' chat templates and TRL's trainers take."""

import hashlib
from collections.abc import Sequence
from typing import Any

from smoltalk.text import neutralise
from smoltalk.tools.calls import Call
from smoltalk.tools.markup import harmless, harmless_value

Turn = dict[str, Any]
"""A turn with a key for what it has, and no others: templates ask `'tool_calls' in message`, so null is not nothing."""


def call_turn(calls: Sequence[Call], row: str) -> Turn:
    """The assistant's turn that makes the calls.

    `arguments` stay an object: templates write them with `tojson` or take them apart with `items`, and text would be
    written twice over, or refused. Ids are nine letters and digits, which is what Mistral's templates ask for.
    """
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": call_id(row, number),
                "type": "function",
                "function": {"name": harmless(call.name), "arguments": harmless_value(call.arguments)},
            }
            for number, call in enumerate(calls)
        ],
    }


def result_turns(calls: Sequence[Call], results: Sequence[str], row: str) -> list[Turn]:
    """What the tools returned, one turn for each call, in the order of the calls."""
    return [
        {"role": "tool", "name": harmless(call.name), "tool_call_id": call_id(row, number), "content": harmless(result)}
        for number, (call, result) in enumerate(zip(calls, results, strict=True))
    ]


def conversation(query: str, calls: Sequence[Call], results: Sequence[str] | None, answer: str, row: str) -> list[Turn]:
    """User, calls, results and answer; without calls the answer alone, without `results` the calls alone.

    `row` is the row's id, which the calls' ids are made from.
    """
    asked = [{"role": "user", "content": neutralise(query)}]
    said = [{"role": "assistant", "content": harmless(answer)}]
    if not calls:
        return [*asked, *said]
    if results is None:
        return [*asked, call_turn(calls, row)]
    return [*asked, call_turn(calls, row), *result_turns(calls, results, row), *said]


def call_id(row: str, number: int) -> str:
    """The same nine letters and digits for the same call of the same row."""
    return hashlib.blake2b(f"{row}/{number}".encode(), digest_size=5).hexdigest()[:9]
