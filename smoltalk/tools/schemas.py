"""Tools as JSON schemas, read from a folder: what each is called, what it takes, and the code that carries it out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from smoltalk import local_files
from smoltalk.tools.arguments import schema_fault
from smoltalk.tools.markup import harmless_value

Schema = dict[str, Any]
"""`{"type": "function", "function": {"name", "description", "parameters"}}`, as transformers and TRL take it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""Names that every chat template and every server takes, and that Python can call a function by."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of a library."""

    schema: Schema
    examples: tuple[dict[str, Any], ...] = ()
    """Calls that work: `{"arguments": {...}, "result": ...}`."""
    code: Path | None = None
    """A Python file that defines a function of the tool's name; None where nobody can carry it out here."""

    @property
    def name(self) -> str:
        return str(self.schema["function"]["name"])


@dataclass(frozen=True, slots=True)
class Library:
    """The tools of a folder by name, and a sentence for each thing in it that is none."""

    tools: dict[str, Tool]
    problems: tuple[str, ...] = ()


def read_library(path: str) -> Library:
    """Every tool of `path`: a JSON file, or a folder of them by name; a file holds one tool or a list of them.

    Beside its schema a tool may have `examples`; a file `NAME.py` in the same folder carries it out. Read again only
    when a file has changed.
    """
    found = local_files.files(path, ".json")
    if not found:
        return Library({}, (local_files.missing(path, ".json"),))
    return _library(tuple((file, file.stat().st_mtime_ns) for file in found))


@lru_cache(maxsize=16)
def _library(files: tuple[tuple[Path, int], ...]) -> Library:
    tools: dict[str, Tool] = {}
    problems: list[str] = []
    for file, _ in files:
        for place, record in _records(file):
            tool = record if isinstance(record, str) else _tool(record, file.parent)
            if isinstance(tool, str):
                problems.append(f"{place} {tool}")
            elif tool.name in tools:
                problems.append(f"{place} names a tool `{tool.name}`, and there is one of that name already")
            else:
                tools[tool.name] = tool
    return Library(tools, tuple(problems))


def _records(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        data = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        yield str(file), f"is not JSON: {error.msg} at line {error.lineno}"
        return
    for number, record in enumerate(data if isinstance(data, list) else [data], start=1):
        yield f"{file}, tool {number}," if isinstance(data, list) else str(file), record


def _tool(record: Any, folder: Path) -> Tool | str:
    """The tool, its texts harmless, or what is wrong with it as the end of a sentence."""
    schema = as_schema(record)
    if fault := tool_fault(schema):
        return fault
    schema = harmless_value(schema)
    examples = record.get("examples", [])
    if not (isinstance(examples, list) and all(isinstance(one, dict) and "arguments" in one for one in examples)):
        return 'has `examples` that are not a list of `{"arguments": {...}}`'
    code = folder / f"{schema['function']['name']}.py"
    return Tool(schema, tuple(examples), code if code.is_file() else None)


def as_schema(record: Any) -> Any:
    """A bare `{"name", "description", "parameters"}` as a whole schema; anything else as it is, without `examples`."""
    if isinstance(record, dict) and "function" not in record and "name" in record:
        return {"type": "function", "function": {key: value for key, value in record.items() if key != "examples"}}
    return {key: value for key, value in record.items() if key != "examples"} if isinstance(record, dict) else record


def tool_fault(schema: Any) -> str:
    """What is wrong with a tool's schema, as the end of a sentence; empty when nothing is."""
    function = schema.get("function") if isinstance(schema, Mapping) else None
    if not isinstance(function, Mapping) or schema.get("type") != "function":
        return 'is no tool: one is `{"type": "function", "function": {"name", "description", "parameters"}}`'
    name = function.get("name")
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        return f"is called {name!r:.80}: a tool's name is a letter, then letters, digits and `_`, 64 at most"
    if not (isinstance(function.get("description"), str) and function["description"].strip()):
        return f"says nothing of what `{name}` does: it needs a `description`"
    parameters = function.get("parameters")
    if not (isinstance(parameters, Mapping) and parameters.get("type") == "object"):
        return f'needs `parameters` of `{name}` with `"type": "object"`, even if it takes none'
    if fault := schema_fault(parameters):
        return f"has `parameters` of `{name}` that {fault}"
    return ""
