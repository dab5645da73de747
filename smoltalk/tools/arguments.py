"""Whether a call's arguments are those that a tool takes, by its JSON schema; the door to jsonschema."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from smoltalk.prompts.pattern import Pattern
from smoltalk.text import shown

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_LABELS = {"required": "missing_argument", "additionalProperties": "unknown_argument", "type": "wrong_type"}
"""What a broken keyword of a schema means; any other is `not_allowed`."""


class Fault(NamedTuple):
    """What is wrong: a label to count, and a sentence's worth of detail."""

    label: str
    detail: str


def schema_fault(parameters: Mapping[str, Any]) -> str:
    """What is wrong with the `parameters` of a tool, as the end of a sentence; empty when nothing is."""
    try:
        return _schema_fault(orjson.dumps(parameters))
    except TypeError:
        return "hold what JSON cannot"


@lru_cache(maxsize=4096)
def _schema_fault(text: bytes) -> str:
    from jsonschema import SchemaError

    parameters = orjson.loads(text)
    properties, required = parameters.get("properties", {}), parameters.get("required", [])
    if not isinstance(properties, Mapping):
        return "name no `properties`"
    if isinstance(required, list) and (lost := [name for name in required if name not in properties]):
        return f"require `{lost[0]}`, which is none of their `properties`"
    try:
        for value in _inside(parameters):
            if "pattern" in value and isinstance(value["pattern"], str):
                _pattern(value["pattern"])
            if not str(value.get("$ref", "#")).startswith("#"):
                return f"refer to {value['$ref']!r:.60}, and a tool's schema must stand alone"
        _drafts().check_schema(parameters)
    except SchemaError as error:
        where = "".join(f".{step}" for step in error.absolute_path)
        return f"are no JSON schema: {error.message:.120}" + (f" at {where[1:]}" if where else "")
    except ValueError as error:
        return f"hold a `pattern` that cannot be used: {error}"
    except RecursionError:
        return "are nested too deeply"
    return ""


def argument_fault(parameters: Mapping[str, Any], arguments: Mapping[str, Any]) -> Fault | None:
    """The first thing wrong with a call's arguments, None when they fit.

    Stricter than JSON schema in one point: a name that is none of `properties` is unknown, unless the schema says what
    other arguments may be. A model that makes up arguments is wrong even where a lenient schema would shrug.
    """
    known = parameters.get("properties") or {}
    if "additionalProperties" not in parameters and "patternProperties" not in parameters:
        for name in arguments:
            if name not in known:
                return Fault("unknown_argument", f"there is no argument `{shown(name, 60)}`")
    try:
        errors = sorted(_validator(orjson.dumps(parameters)).iter_errors(arguments), key=lambda e: len(e.absolute_path))
    except RecursionError:
        return Fault("not_allowed", "the arguments are nested too deeply")
    return _fault(errors[0]) if errors else None


def _fault(error: "ValidationError") -> Fault:
    label = _LABELS.get(str(error.validator), "not_allowed")
    where = ".".join(map(str, error.absolute_path))
    wanted: Any = error.validator_value
    given: Any = error.instance
    named = f"`{where}` is {shown(given, 60)!r}"
    match error.validator:
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            return Fault(label, f"{named}, not of type {' or '.join(map(str, kinds))}")
        case "enum":
            return Fault(label, f"{named}, not one of {wanted!r:.120}")
        case "required":
            lacking = next(name for name in wanted if name not in given)
            return Fault(label, f"`{f'{where}.' if where else ''}{shown(lacking, 60)}` is missing")
    return Fault(label, f"`{where}`: {shown(error.message, 160)}" if where else str(shown(error.message, 160)))


@lru_cache(maxsize=4096)
def _validator(parameters: bytes) -> "Validator":
    validator: Validator = _drafts()(orjson.loads(parameters))
    return validator


@lru_cache(maxsize=1)
def _drafts() -> "type[Validator]":
    from jsonschema import Draft202012Validator, validators

    extend: Callable[..., type[Validator]] = validators.extend
    return extend(Draft202012Validator, {"pattern": _matches})


def _matches(validator: Any, regex: str, instance: Any, schema: Any) -> "Iterator[ValidationError]":
    """`pattern` in time linear in the text: jsonschema would ask Python's `re`, which hostile text can stall."""
    from jsonschema import ValidationError

    if isinstance(instance, str) and not _pattern(regex).fits(instance):
        yield ValidationError(f"{shown(instance, 60)!r} does not match {regex!r:.80}")


@lru_cache(maxsize=4096)
def _pattern(regex: str) -> Pattern:
    Pattern(regex)
    return Pattern(rf"(?s:.*)(?:{regex})(?s:.*)")


def _inside(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping in a schema."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
