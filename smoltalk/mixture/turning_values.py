"""Turns out of plain values, row by row: JSON texts, calls, contents in parts, and whatever is no regular column."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from smoltalk.mixture.plain import sound
from smoltalk.mixture.roles import ASSISTANT, UNKNOWN, code_of
from smoltalk.records import kinds
from smoltalk.text import neutralise, shown, valid

ROLE = ("role", "from")
CONTENT = ("content", "value", "text")
"""What a turn calls its speaker and its text: OpenAI's name, ShareGPT's, and one more."""
CALLS = ("tool_calls", "function_call")
"""What an assistant's turn calls the calls that it makes."""
_BESIDE = ("name", "tool_call_id")
"""What else chat templates read of a turn in a conversation with calls."""
STRANGER = "is spoken by {}, not by system, user, assistant or tool"
NO_TEXT = "holds no text"
NO_TURNS = "holds no turns"


class Bad(NamedTuple):
    """Why a row is no conversation."""

    reason: str
    """What is counted."""
    detail: str
    """The end of a sentence that begins with the column."""


class Turns(NamedTuple):
    """Conversations: row `r` has turns `rows[r]` to `rows[r + 1]`; a row that is none may have any."""

    rows: NDArray[np.int64]
    codes: NDArray[np.int8]
    """Speakers; see `roles`."""
    contents: pa.Array
    """A `string` or `large_string` a turn, valid UTF-8, never null."""
    bad: dict[int, Bad]
    calls: dict[int, str]
    """Of rows with function calls: a JSON list with a mapping a turn, of what it has beside role and content."""
    mended: set[int]
    """Rows that were not all UTF-8."""


class _NoTurns(ValueError):
    def __init__(self, reason: str, detail: str) -> None:
        self.bad = Bad(reason, detail)


class _Turn(NamedTuple):
    code: int
    content: str
    more: dict[str, Any]


def from_values(column: Sequence[Any], speaker: int | None = None) -> Turns:
    """A conversation a value. A text is what `speaker` says, or where none is named, a conversation as JSON."""
    lengths, codes, contents = np.zeros(len(column) + 1, np.int64), [], []
    bad: dict[int, Bad] = {}
    calls: dict[int, str] = {}
    mended: set[int] = set()
    for row, value in enumerate(column):
        try:
            turns = _turns(value, speaker)
        except _NoTurns as reason:
            bad[row] = reason.bad
            continue
        lengths[row + 1] = len(turns)
        for turn in turns:
            codes.append(turn.code)
            content = valid(turn.content)
            contents.append(content)
            if content != turn.content:
                mended.add(row)
        if any(turn.more.get("tool_calls") for turn in turns):
            calls[row] = _json([turn.more for turn in turns])
    said = pa.array(contents, pa.large_string())
    return Turns(np.cumsum(lengths), np.array(codes, np.int8), said, bad, calls, mended)


def _turns(value: Any, speaker: int | None) -> list[_Turn]:
    if isinstance(value, str):
        if speaker is not None:
            return [_Turn(speaker, _spoken(value), {})]
        value = _parsed(value)
    if isinstance(value, Mapping):
        value = _zipped(value)
    if value is None or value == []:
        raise _NoTurns("no_turns", NO_TURNS)
    if not isinstance(value, list | tuple):
        raise _NoTurns("wrong_type", f"holds {_kind(value)}, not a list of turns")
    return [_turn(turn, number) for number, turn in enumerate(value, 1)]


def _spoken(text: str) -> str:
    if not text.strip():
        raise _NoTurns("no_content", NO_TEXT)
    return text


def _parsed(text: str) -> Any:
    if not text.strip():
        raise _NoTurns("no_turns", NO_TURNS)
    try:
        return orjson.loads(text)
    except ValueError:  # also for a lone surrogate
        raise _NoTurns("not_json", f"is a text that is no JSON: {shown(text, 40)!r}") from None


def _zipped(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Turns out of lists of speakers and texts, as `datasets` writes a list of mappings."""
    lists = {name: one for name, one in value.items() if isinstance(one, list | tuple)}
    if not any(name in lists for name in ROLE) or not any(name in lists for name in CONTENT):
        raise _NoTurns("wrong_type", "holds a mapping, not a list of turns")
    if len({len(one) for name, one in lists.items() if name in (*ROLE, *CONTENT)}) > 1:
        raise _NoTurns("wrong_type", "holds lists of speakers and texts that are not of one length")
    count = len(next(one for name, one in lists.items() if name in ROLE))
    return [{name: one[turn] for name, one in lists.items() if len(one) == count} for turn in range(count)]


def _turn(turn: Any, number: int) -> _Turn:
    if isinstance(turn, str):  # runs and mixtures with calls publish a turn as a JSON object
        turn = _object(turn)
    if not isinstance(turn, Mapping):
        raise _NoTurns("wrong_type", f"turn {number} is {_kind(turn)}, not a role and a content")
    role, content = _first(turn, ROLE), _first(turn, CONTENT)
    code = code_of(role)
    if code == UNKNOWN:
        said = f"{shown(role, 40)!r}" if isinstance(role, str) else "nobody" if role is None else _kind(role)
        raise _NoTurns("unknown_role", f"turn {number} {STRANGER.format(said)}")
    more = _more(turn, code)
    if content is None and more.get("tool_calls"):
        content = ""
    return _Turn(code, _text(content, number), more)


def _object(text: str) -> Any:
    """The mapping that a text is as JSON, or else the text."""
    try:
        found = orjson.loads(text) if text.startswith("{") else text
    except ValueError:
        return text
    return found


def _first(turn: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((turn[name] for name in names if turn.get(name) is not None), None)


def _text(content: Any, number: int) -> str:
    """A content, or its parts where all of them are texts."""
    if isinstance(content, str):
        return content
    if content is None:
        raise _NoTurns("no_content", f"turn {number} {NO_TEXT}")
    if not isinstance(content, list | tuple):
        raise _NoTurns("wrong_type", f"turn {number} holds {_kind(content)}, not text")
    parts: list[str] = []
    for one in content:
        part = one.get("text") if isinstance(one, Mapping) else one
        if not isinstance(part, str):
            what = shown(one.get("type"), 40) if isinstance(one, Mapping) else _kind(one)
            raise _NoTurns("wrong_type", f"turn {number} holds a part that is no text ({what})")
        parts.append(part)
    if not parts:
        raise _NoTurns("no_content", f"turn {number} {NO_TEXT}")
    return "\n".join(parts)


def _more(turn: Mapping[str, Any], code: int) -> dict[str, Any]:
    """What a turn has beside role and content; a field that Parquet fills with null is none."""
    more: dict[str, Any] = {}
    made = turn.get("tool_calls")
    if not made and isinstance(turn.get("function_call"), Mapping) and turn["function_call"].get("name"):
        made = [{"type": "function", "function": turn["function_call"]}]
    if isinstance(made, str):
        try:
            made = orjson.loads(made)
        except ValueError:
            made = None
    if code == ASSISTANT and isinstance(made, list | tuple) and made:
        more["tool_calls"] = _without_nulls(list(made))
    return more | {name: turn[name] for name in _BESIDE if isinstance(turn.get(name), str) and turn[name]}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _json(turns: list[dict[str, Any]]) -> str:
    try:
        said = orjson.dumps(turns, option=orjson.OPT_NON_STR_KEYS, default=str).decode()
    except TypeError:  # half characters, integers of more than 64 bits
        said = json.dumps(sound(turns)[0], ensure_ascii=False, default=str)
    return neutralise(said)


def _kind(value: Any) -> str:
    return kinds({"": value}).get("", "null")
