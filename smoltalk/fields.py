"""A pydantic class filled from YAML, its complaints said as sentences about the user's file."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from smoltalk.document import Document, Key
from smoltalk.errors import Problem, UserError, nearest

M = TypeVar("M", bound=BaseModel)

_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "empty",
}  # fmt: skip
_BOUNDS = {
    "exclusiveMinimum": "greater than", "minimum": "at least", "exclusiveMaximum": "less than", "maximum": "at most",
}  # fmt: skip


def fill(cls: type[M], data: object, document: Document, key: Key, name: str) -> M:
    """An instance of `cls` from the mapping at `key` of the document; `name` is what the user calls it.

    Types are taken strictly: `"3"` is not a number and `true` is not 1.
    Raises `UserError` with one problem a field; a problem a validator raised without a path is placed here.
    """
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise UserError(
            [document.problem(key, f"`{name}` takes fields, not {shown(data)}", f"write `{name}: {{...}}`")]
        )
    try:
        # JSON mode is strict about types and still takes a list for a tuple and text for a path.
        return cls.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise UserError(_problems(error, cls, data, document, key, name)) from None
    except UserError as error:
        raise UserError(place(error, document, key)) from None
    except RecursionError:
        raise UserError([document.problem(key, f"`{name}` is nested too deeply")]) from None


def place(error: UserError, document: Document, key: Key) -> list[Problem]:
    """The error's problems; those that do not know where they are get the line of `key`."""
    return [p if p.path else document.problem(key, p.sentence, p.hint) for p in error.problems]


def meant(hint: str) -> str:
    """The word that a "did you mean" hint names; "" for any other hint."""
    return hint.split("`")[1] if hint.startswith("did") else ""


def shown(value: object) -> str:
    """A value as a sentence shows it: short, one line."""
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "empty"
    text = str(value).lower() if isinstance(value, bool) else f"`{value}`" if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _problems(
    error: ValidationError, cls: type[BaseModel], data: dict[str, Any], document: Document, key: Key, name: str
) -> Iterator[Problem]:
    found: dict[Key, ErrorDetails] = {}
    for item in error.errors(include_url=False):
        loc = _existing(item["loc"], data, item["type"] == "missing")
        found.setdefault(loc, item)
    schema = cls.model_json_schema()
    meant_at = {_meant(schema, loc, data) for loc, item in found.items() if item["type"] == "extra_forbidden"}
    for loc, item in found.items():
        deeper = any(len(other) > len(loc) and other[: len(loc)] == loc for other in found)
        if deeper or loc in meant_at or document.is_bad(key + loc):
            continue
        at = ".".join(map(str, (*key, *loc)))
        inside = ".".join(map(str, loc[:-1] if loc[:-1] and not key else (name, *loc[:-1])))
        match item["type"]:
            case "missing":
                hint = f"it must be {_describe(schema, loc)}"
                yield document.problem(key + loc, f"`{inside}` needs `{loc[-1]}`", hint)
            case "extra_forbidden":
                yield document.problem(key + loc, f"no field `{loc[-1]}` in `{inside}`", _field_hint(schema, loc, data))
            case "value_error" | "assertion_error":
                sentence = item["msg"].partition(", ")[2] or item["msg"]
                yield document.problem(key + loc, f"{at}: {sentence}")
            case _:
                must = _describe(schema, loc) or item["msg"].lower()
                hint = _label(schema, loc, data)
                yield document.problem(key + loc, f"{at}: must be {must}, not {shown(_value(data, loc))}", hint)


def _fields(schema: Mapping[str, Any], loc: Key) -> set[str]:
    """The fields that are known where the one at `loc` stands."""
    node = _resolve(schema, loc[:-1])
    branches = [node, *(_follow(schema, branch, ()) for branch in node.get("anyOf", ()))]
    return {name for branch in branches for name in branch.get("properties", {})}


def _free(schema: Mapping[str, Any], loc: Key, data: Any) -> set[str]:
    """The fields that could stand beside the one at `loc`: known and not given."""
    return _fields(schema, loc) - set(_value(data, loc[:-1]))


def _field_hint(schema: Mapping[str, Any], loc: Key, data: Any) -> str:
    """The field that is very near, given already or not; else the nearest that is not given. Else all of them."""
    word, known = str(loc[-1]), _fields(schema, loc)
    very = nearest(word, known, cutoff=0.85)
    free = nearest(word, _free(schema, loc, data))
    return very if meant(very) or not meant(free) else free


def _meant(schema: Mapping[str, Any], loc: Key, data: Any) -> Key:
    """Where the misspelt field at `loc` should stand; () when that cannot be told."""
    choice = meant(nearest(str(loc[-1]), _free(schema, loc, data)))
    return (*loc[:-1], choice) if choice else ()


def _existing(loc: tuple[str | int, ...], data: Any, missing: bool) -> Key:
    """The part of pydantic's location that is in the user's data: pydantic also names union branches."""
    kept: list[str | int] = []
    for step in loc:
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if inside or (missing and step == loc[-1]):
            kept.append(step)
            data = data[step] if inside else None
    return tuple(kept)


def _value(data: Any, loc: Key) -> Any:
    for step in loc:
        data = data[step]
    return data


def _resolve(schema: Mapping[str, Any], loc: Key) -> Mapping[str, Any]:
    """The JSON schema of the field at `loc`, {} when it cannot be told."""
    return _follow(schema, schema, loc)


def _follow(root: Mapping[str, Any], node: Mapping[str, Any], loc: Key) -> Mapping[str, Any]:
    if "$ref" in node:
        node = {**root["$defs"][node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
    if not loc:
        return node
    for branch in node.get("anyOf") or node.get("oneOf") or node.get("allOf") or []:
        if found := _follow(root, branch, loc):
            return found
    step, rest = loc[0], loc[1:]
    if isinstance(step, int):
        inner = node.get("items", {})
    else:
        inner = node.get("properties", {}).get(step, node.get("additionalProperties", {}))
    return _follow(root, inner, rest) if isinstance(inner, dict) and inner else {}


def _describe(schema: Mapping[str, Any], loc: Key) -> str:
    """What belongs at `loc`, in words: "a whole number greater than 0"."""
    return _words(schema, _resolve(schema, loc))


def _words(root: Mapping[str, Any], field: Mapping[str, Any]) -> str:
    field = _follow(root, field, ())
    if branches := field.get("anyOf") or field.get("oneOf"):
        said = [_words(root, b) for b in branches if b != {"type": "null"}]
        return " or ".join(dict.fromkeys(filter(None, said)))
    if "const" in field:
        return shown(field["const"])
    if "enum" in field:
        return "one of " + ", ".join(shown(v) for v in field["enum"])
    words = _TYPES.get(str(field.get("type", "")), "")
    bounds = [f"{said} {_number(field[k])}" for k, said in _BOUNDS.items() if isinstance(field.get(k), int | float)]
    if (
        field.get("type") == "array"
        and isinstance(field.get("items"), dict)
        and (inner := _words(root, field["items"]))
    ):
        bounds.insert(0, f"(each {inner})")
    joined = " and ".join(bounds)
    if field.get("minItems") or field.get("minLength") or field.get("minProperties"):
        joined = f"{joined} that is not empty".strip()
    example = f", such as {shown(field['examples'][0])}" if field.get("examples") else ""
    return f"{words} {'of ' if joined.startswith('at') else ''}{joined}".strip() + example


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _label(schema: Mapping[str, Any], loc: Key, data: dict[str, Any]) -> str:
    """A "did you mean" for a misspelt choice."""
    choices, value = _resolve(schema, loc).get("enum", []), _value(data, loc)
    if not isinstance(value, str):
        return ""
    hint = nearest(value, [c for c in choices if isinstance(c, str)])
    return hint if meant(hint) else ""
