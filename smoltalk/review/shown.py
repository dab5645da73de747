"""A row as a reviewer sees it: plain text all through, whatever its columns hold."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from smoltalk.pipeline.model import Makes
from smoltalk.review.records import Item, Turn, mark_of, swaps
from smoltalk.rows import Row, conversation
from smoltalk.text import valid

_CATEGORIES = ("category", "source")
_TELLING = 200
"""Characters of a column's value from which on it is no evidence but text."""
_OWN = {"id", "source", "messages", "instruction", "response", "prompt", "chosen", "rejected", "tools"}


def shown(
    run: str,
    makes: Makes,
    row: int,
    columns: Row,
    told: Mapping[str, Any] | None = None,
    cuts: Mapping[str, float] | None = None,
) -> Item | None:
    """What a reviewer sees of a row; None of one that holds nothing to look at.

    `run` is the run's name, `told` what gates told of the row, by `gate.key`, and `cuts` the least that they take of a
    column.
    """
    told = {**columns, **(told or {})}
    if makes == "dpo":  # neither answer's own: who wrote the better one would tell which it is
        told = {name: value for name, value in told.items() if not name.startswith(("chosen", "rejected"))}
    evidence = dict(_evidence(told, cuts or {}))
    tools = _tools(columns.get("tools"))
    category = next((str(columns[name]) for name in _CATEGORIES if isinstance(columns.get(name), str)), "")
    row_id = str(columns["id"])
    if makes == "dpo":
        asked = _turns(columns.get("prompt"))
        better, worse = (_answer(columns.get(name)) for name in ("chosen", "rejected"))
        if not asked or not better or not worse:
            return None
        swapped = swaps(run, row_id)
        answers = (worse, better) if swapped else (better, worse)
        mark = mark_of(asked, answers, tools)
        return Item(
            row, row_id, mark, makes, asked, answers, swapped, tools=tools, category=category, evidence=evidence
        )
    turns = _turns(conversation(columns))
    if not turns:
        return None
    last = turns[-1].content if turns[-1].role == "assistant" else ""
    mark = mark_of(turns, (), tools)
    return Item(row, row_id, mark, makes, turns, answer=last, tools=tools, category=category, evidence=evidence)


def _tools(value: Any) -> str:
    """The tools that were offered, each with its description and what it takes."""
    value = _parsed(value)
    found = [_parsed(one) for one in value] if isinstance(value, list) else []
    return valid("\n\n".join(_tool(one) for one in found))


def _tool(one: Any) -> str:
    inside = one.get("function", one) if isinstance(one, Mapping) else None
    if not isinstance(inside, Mapping) or "name" not in inside:
        return _text(one)
    takes = _parsed(inside.get("parameters") or {})
    lines = [str(inside["name"]), str(inside.get("description") or ""), f"takes {_text(takes)}" if takes else ""]
    return "\n".join(line for line in lines if line)


def _turns(value: Any) -> tuple[Turn, ...]:
    if isinstance(value, str):
        return (Turn("user", valid(value)),) if value.strip() else ()
    if not isinstance(value, list):
        return ()
    return tuple(turn for one in value if (turn := _turn(one)).content.strip())


def _turn(one: Any) -> Turn:
    one = _parsed(one)
    if not isinstance(one, Mapping):
        return Turn("unknown", valid(_text(one)))
    parts = [_text(one.get(name)) for name in ("reasoning_content", "content") if one.get(name)]
    parts += [_call(_parsed(call)) for call in one.get("tool_calls") or ()]
    return Turn(valid(str(one.get("role", "unknown"))), valid("\n".join(parts)))


def _call(call: Any) -> str:
    """`calls lookup({"word": "loom"})`."""
    inside = call.get("function", call) if isinstance(call, Mapping) else {}
    if not isinstance(inside, Mapping):
        return _text(call)
    return f"calls {inside.get('name', 'a tool')}({_text(inside.get('arguments', ''))})"


def _parsed(value: Any) -> Any:
    """Turns with calls are published as texts of JSON."""
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return value


def _answer(value: Any) -> str:
    """The text of an answer that is one turn, or several."""
    turns = _turns(value) if not isinstance(value, str) else (Turn("assistant", valid(value)),)
    said: Iterable[str] = (t.content if t.role == "assistant" else f"{t.role}: {t.content}" for t in turns)
    return "\n\n".join(said)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _evidence(columns: Mapping[str, Any], cuts: Mapping[str, float]) -> Iterable[tuple[str, str]]:
    """Numbers, labels and short texts: what judged the row."""
    for name, value in sorted(columns.items()):
        if name in _OWN or value is None or isinstance(value, list | dict):
            continue
        text = f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
        if name in cuts and isinstance(value, int | float):
            text += f" (at least {cuts[name]:.4g}: {value - cuts[name]:+.4g})"
        if len(text) <= _TELLING:
            yield name, valid(text)
