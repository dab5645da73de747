"""Calls as a model wrote them: read, and held against the tools it was offered."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from smoltalk.text import shown
from smoltalk.tools.arguments import Fault, argument_fault
from smoltalk.tools.markup import has_marks

_PARTS = {"name", "arguments"}
_WRAPPING = {"type", "function", "id", "index"}


class Call(NamedTuple):
    """One call of a tool."""

    name: str
    arguments: dict[str, Any]

    def text(self) -> str:
        """The call as JSON."""
        return orjson.dumps({"name": self.name, "arguments": self.arguments}).decode()


class CallError(ValueError):
    """Why something is no list of calls, or not a good one."""

    def __init__(self, label: str, detail: str) -> None:
        self.label = label
        super().__init__(f"{label}: {detail}")


def read_calls(value: Any) -> list[Call]:
    """Calls from a list of `{"name", "arguments"}`, or its JSON text; `[]` calls nothing.

    Also in OpenAI's form, `{"type": "function", "function": {...}}`, and with arguments as JSON text. Raises
    `CallError`: `not_json`, `not_a_list`, `not_a_call`, `no_name`, `no_arguments`, `extra_key`,
    `arguments_not_an_object`.
    """
    if isinstance(value, str):
        value = _parsed(value, "not_json", "the reply")
    if not isinstance(value, list):
        raise CallError("not_a_list", f"calls are a list of `name` and `arguments`, not {shown(value, 60)!r}")
    return [_call(one, f"call {number}") for number, one in enumerate(value, start=1)]


def check_calls(calls: Sequence[Call], tools: Sequence[Mapping[str, Any]], most: int = 16) -> None:
    """Hold calls against the schemas of the tools on offer.

    Raises `CallError`: `too_many_calls`, `unknown_tool`, `missing_argument`, `unknown_argument`, `wrong_type`,
    `not_allowed` (a value outside what the schema allows), `markup` (marks of chat templates in an argument) or
    `repeated_call` (the same call twice).
    """
    if len(calls) > most:
        raise CallError("too_many_calls", f"{len(calls)} calls, {most} at most")
    offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}
    seen: set[str] = set()
    for number, call in enumerate(calls, start=1):
        for fault in _faults(call, offered, seen):
            raise CallError(fault.label, f"call {number}, `{shown(call.name, 64)}`: {fault.detail}")


def check_plan(calls: Sequence[Call], planned: Sequence[str]) -> None:
    """Hold the names of the calls against those that were planned, in any order. Raises `CallError`.

    `called_nothing` and `should_not_call` are the two ways of being wrong about whether to call at all;
    `not_as_planned` is any other difference.
    """
    made, wanted = Counter(call.name for call in calls), Counter(planned)
    if made == wanted:
        return
    if not calls:
        raise CallError("called_nothing", f"{_listed(wanted)} would have served")
    if not planned:
        raise CallError("should_not_call", f"no tool fits, and {_listed(made)} was called")
    raise CallError("not_as_planned", f"{_listed(made)} was called where {_listed(wanted)} was wanted")


def _listed(names: Counter[str]) -> str:
    return ", ".join(
        f"`{shown(name, 64)}`" + (f" ({count} times)" if count > 1 else "") for name, count in names.items()
    )


def _faults(call: Call, offered: Mapping[str, Mapping[str, Any]], seen: set[str]) -> Iterator[Fault]:
    if call.name not in offered:
        yield Fault("unknown_tool", f"no such tool was offered; there is {', '.join(sorted(offered)) or 'none'}"[:200])
        return
    if fault := argument_fault(offered[call.name], call.arguments):
        yield fault
    if has_marks(call.arguments):
        yield Fault("markup", "an argument holds marks that chat templates write around calls")
    said = orjson.dumps([call.name, call.arguments], option=orjson.OPT_SORT_KEYS).decode()
    if said in seen:
        yield Fault("repeated_call", "the same call was made before")
    seen.add(said)


def _call(value: Any, place: str) -> Call:
    if not isinstance(value, dict):
        raise CallError("not_a_call", f"{place} is {shown(value, 60)!r}, not `name` and `arguments`")
    if isinstance(value.get("function"), dict) and value.keys() <= _WRAPPING:
        value = value["function"]
    if extra := value.keys() - _PARTS:
        raise CallError("extra_key", f"{place} has `{shown(min(extra), 60)}` beside `name` and `arguments`")
    name = value.get("name")
    if not isinstance(name, str) or not name:
        raise CallError("no_name", f"{place} does not name a tool")
    if "arguments" not in value:
        raise CallError("no_arguments", f"{place}, `{shown(name, 64)}`, has no `arguments`")
    arguments = value["arguments"]
    if isinstance(arguments, str):
        arguments = _parsed(arguments, "arguments_not_an_object", f"the `arguments` of {place}")
    if not isinstance(arguments, dict):
        sentence = f"the `arguments` of {place} are {shown(arguments, 60)!r}, not an object"
        raise CallError("arguments_not_an_object", sentence)
    if not _is_json(arguments):
        raise CallError("not_json", f"the `arguments` of {place} hold what JSON cannot: half a character, NaN, 2^64")
    return Call(name, arguments)


def _is_json(value: Any) -> bool:
    """Whether a value comes back as it was when it is written as JSON and read again."""
    try:
        return bool(orjson.loads(orjson.dumps(value)) == value)
    except (TypeError, RecursionError):
        return False


def _parsed(text: str, label: str, what: str) -> Any:
    """orjson takes no NaN, no lone surrogates, and integers of 64 bits at most: what a dataset can hold."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CallError(label, f"{what} is not JSON: {error.msg}") from None
