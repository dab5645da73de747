"""`--set key.path=value`: one value of a pipeline changed from outside its file."""

from collections.abc import Iterator, Mapping
from typing import Any

from smoltalk.document import Document, parse
from smoltalk.errors import Problem, UserError, nearest


def apply(settings: Mapping[str, str], document: Document) -> Iterator[Problem]:
    """Change `document.data` in place; yields what cannot be done, which `load` places at the setting.

    Lists go by index (`steps.0.turns=2`); the name of a one-key mapping may be left out. A key that is there with dots
    in it (a source, an engine, a column) is written as it is.
    """
    for path, text in settings.items():
        try:
            value = parse(text, document.path)
        except UserError as error:
            yield from (Problem(document.path, 0, p.sentence) for p in error.problems)
            continue
        yield from (Problem(document.path, 0, p.sentence) for p in value.problems)
        if problem := _put(document.data, path.split("."), value.data):
            sentence, hint = problem
            yield Problem(document.path, 0, sentence, hint)


def _put(data: Any, path: list[str], value: Any) -> tuple[str, str] | None:
    if not all(path):
        return "write it as `key.path=value`", ""
    i = 0
    while i < len(path):
        if isinstance(data, dict):
            path = _with_dots(data, path, i)
        key, last = path[i], i == len(path) - 1
        if isinstance(data, list):
            if not key.isdecimal() or int(key) >= len(data):
                at = ".".join(path[:i])
                return (
                    f"no `{key}` in `{at}`, a list of {len(data)}",
                    f"count from 0 to {len(data) - 1}" if data else "",
                )
            if last:
                data[int(key)] = value
            data = data[int(key)]
        elif isinstance(data, dict):
            if key not in data and _is_named(data, path, i):
                data = next(iter(data.values()))
            if last:
                data[key] = value
            elif data.get(key) is None:
                if i == 1 and path[0] == "engines":
                    return f"no `{key}` in `{'.'.join(path[:i])}`", nearest(key, data)
                data[key] = {}
            data = data[key]
        else:
            return f"`{'.'.join(path[:i])}` holds no fields", ""
        i += 1
    return None


def _with_dots(data: dict[str, Any], path: list[str], i: int) -> list[str]:
    """The path with what names a key of `data` from place `i` on in one: the longest there is."""
    for end in range(len(path), i + 1, -1):
        if (key := ".".join(path[i:end])) in data:
            return [*path[:i], key, *path[end:]]
    return path


def _is_named(data: dict[str, Any], path: list[str], i: int) -> bool:
    """Whether `data` is a part's `name: {fields}` and the path skips the name."""
    return (
        i == 2
        and path[0] in ("engines", "steps", "gates")
        and len(data) == 1
        and isinstance(next(iter(data.values())), dict)
    )
