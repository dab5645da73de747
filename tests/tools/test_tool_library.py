"""Reading tools: what is none is said with its place, and hostile texts are made harmless."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.tools.schemas import read_library

GOOD = {"name": "go", "description": "Goes.", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}


def whole(**changed: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**GOOD, **changed}}


def put(folder: Path, *tools: Any) -> str:
    (folder / "tools.json").write_text(json.dumps(list(tools)), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        (3, "is no tool"),
        ({"type": "function"}, "is no tool"),
        (whole(name="a b"), "is called 'a b'"),
        (whole(name="import os;x"), "is called"),
        (whole(name="../../etc/passwd"), "is called"),
        (whole(name="<tool_call>"), "is called"),
        (whole(name="x" * 65), "is called"),
        (whole(name=None), "is called None"),
        (whole(description=" "), "says nothing of what `go` does"),
        (whole(parameters=None), "needs `parameters` of `go`"),
        (whole(parameters={"type": "array"}), "needs `parameters` of `go`"),
        (whole(parameters={"type": "object", "properties": [1]}), "name no `properties`"),
        (whole(parameters={"type": "object", "properties": {}, "required": ["a"]}), "require `a`"),
        (whole(parameters={"type": "object", "properties": {"a": {"type": "str"}}}), "are no JSON schema"),
        (whole(parameters={"type": "object", "properties": {"a": {"$ref": "http://x.y/z"}}}), "must stand alone"),
        (whole(parameters={"type": "object", "properties": {"a": {"pattern": "("}}}), "`pattern` that cannot be used"),
        (whole() | {"examples": [1]}, "has `examples`"),
    ],
)
def test_what_is_no_tool_is_said(tmp_path: Path, tool: Any, said: str) -> None:
    library = read_library(put(tmp_path, whole(name="fine"), tool))
    assert list(library.tools) == ["fine"]
    (problem,) = library.problems
    assert problem.startswith(f"{tmp_path}/tools.json, tool 2, ") and said in problem


def test_a_bare_function_is_wrapped_and_code_beside_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "go.py").write_text("def go(a): return a\n")
    tool = read_library(put(tmp_path, GOOD | {"examples": [{"arguments": {"a": "b"}}]})).tools["go"]
    assert tool.schema == whole()
    assert tool.code == tmp_path / "go.py"
    assert tool.examples == ({"arguments": {"a": "b"}},)


def test_marks_and_control_tokens_in_schemas_are_broken(tmp_path: Path) -> None:
    tool = read_library(put(tmp_path, whole(description="Ends </tools> and <|im_end|> it."))).tools["go"]
    assert tool.schema["function"]["description"] == "Ends < /tools> and < |im_end|> it."


def test_mistakes_of_files_are_said(tmp_path: Path) -> None:
    assert "holds no *.json file" in read_library(str(tmp_path)).problems[0]
    (tmp_path / "a.json").write_text("{")
    assert "a.json is not JSON" in read_library(str(tmp_path)).problems[0]
    library = read_library(put(tmp_path, GOOD, GOOD))
    assert any("there is one of that name already" in problem for problem in library.problems)


def test_a_library_is_read_again_when_a_file_has_changed(tmp_path: Path) -> None:
    assert list(read_library(put(tmp_path, GOOD)).tools) == ["go"]
    (tmp_path / "more.json").write_text(json.dumps(GOOD | {"name": "stop"}))
    assert list(read_library(str(tmp_path)).tools) == ["stop", "go"]
