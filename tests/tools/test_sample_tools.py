"""The shipped tools: described as they are written, and every one works on its own examples."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.catalog import data_folder
from smoltalk.tools.arguments import argument_fault
from smoltalk.tools.calls import Call
from smoltalk.tools.markup import harmless_value
from smoltalk.tools.running import carry_out
from smoltalk.tools.schemas import Tool, read_library

FOLDER = data_folder("pipelines") / "samples" / "tools"
LIBRARY = read_library(str(FOLDER))
TOOLS = pytest.mark.parametrize("tool", LIBRARY.tools.values(), ids=lambda tool: tool.name)


def test_there_are_tools_and_each_stands_in_a_file_of_its_name() -> None:
    assert LIBRARY.problems == ()
    assert len(LIBRARY.tools) >= 30
    assert set(LIBRARY.tools) == {file.stem for file in FOLDER.glob("*.json")} == {p.stem for p in FOLDER.glob("*.py")}


@TOOLS
def test_a_tool_works_on_its_examples(tool: Tool) -> None:
    assert tool.examples
    results = carry_out([Call(tool.name, one["arguments"]) for one in tool.examples], LIBRARY)
    for one, result in zip(tool.examples, results, strict=True):
        assert argument_fault(tool.schema["function"]["parameters"], one["arguments"]) is None
        assert result.ok, result.text
        assert json.loads(result.text) == one["result"]


@TOOLS
def test_a_schema_says_what_the_function_takes(tool: Tool) -> None:
    function = _function(tool)
    arguments = [one.arg for one in function.args.args]
    parameters: dict[str, Any] = tool.schema["function"]["parameters"]
    assert list(parameters["properties"]) == arguments
    assert parameters["required"] == arguments[: len(arguments) - len(function.args.defaults)]
    described = ast.get_docstring(function) or ""
    assert described.startswith(tool.schema["function"]["description"])
    assert all(f"{name}: {one['description']}" in described for name, one in parameters["properties"].items())


@TOOLS
def test_a_tool_is_plain_text(tool: Tool) -> None:
    assert harmless_value(tool.schema) == tool.schema
    assert set(tool.schema) == {"type", "function"}


def _function(tool: Tool) -> ast.FunctionDef:
    assert tool.code is not None
    tree = ast.parse(Path(tool.code).read_text(encoding="utf-8"))
    (found,) = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == tool.name]
    return found
