"""What would be lost on the way into a model is told: calls and tools that a template does not write, torn text."""

from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.train.passed_over import passed_over
from smoltalk.train.recipe import read
from tests.train.conftest import Write, pair, said, talk

pytest.importorskip("trl", reason="TRL is not installed")

from smoltalk.train.session import look

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {}}}
CALL = {
    "role": "assistant", "content": "",
    "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Bonn"}}}],
}  # fmt: skip
TURNS = [said("user", "Rain?"), CALL, said("tool", "7 mm"), said("assistant", "It rains.")]


def looked(kind: Any, path: Path, folder: Path) -> Any:
    return look(read(kind, path), folder, lambda line: None).checked


def test_calls_that_the_template_does_not_write_stop_it(recipe_file: Write, tmp_path: Path) -> None:
    path = recipe_file([{"messages": TURNS, "tools": [TOOL]}] * 4, {"held_out": 0})
    with pytest.raises(UserError, match="can write none of the 4 rows: it passes over `tool_calls`"):
        looked("sft", path, tmp_path / "rows")
    path = recipe_file([*(talk(n) for n in range(3)), {"id": "c", "messages": TURNS}], {"held_out": 0})
    with pytest.raises(UserError, match="data: row c: the chat template cannot write it: it passes over `tool_calls`"):
        looked("sft", path, tmp_path / "rows")


def test_tools_that_the_template_does_not_write_are_told(recipe_file: Write, tmp_path: Path) -> None:
    rows = [{**talk(n), "tools": [TOOL]} for n in range(4)]
    (remark,) = looked("sft", recipe_file(rows, {"held_out": 0}), tmp_path / "rows").remarks()
    assert remark == "the template passes over the `tools` of 4 rows: the model does not see them"
    rows = [{**pair(n), "tools": [TOOL]} for n in range(4)]
    (remark,) = looked("dpo", recipe_file(rows, {"held_out": 0}), tmp_path / "rows").remarks()
    assert "the `tools` of 4 rows" in remark


def test_what_a_template_asks_for_is_not_passed_over() -> None:
    def strict(turns: Any, tools: Any = None) -> str:
        return f"{[turn['tool_calls'] for turn in turns[1:2]]}{[tool['function'] for tool in tools]}"

    assert passed_over(strict, TURNS, {"tools": [TOOL]}) == []
    assert passed_over(lambda turns, tools=None: "", TURNS, {"tools": [TOOL]}) == ["tool_calls", "tools"]
    assert passed_over(lambda turns, tools=None: str(tools), TURNS, {"tools": [TOOL]}) == ["tool_calls"]
    assert passed_over(strict, [said("user", "x")], {}) == []


def test_text_that_was_no_utf_8_is_told(recipe_file: Write, tmp_path: Path) -> None:
    rows = [talk(n) for n in range(8)]
    rows += [
        {"id": f"l{n}", "messages": [said("user", f"Où, {n}?"), said("assistant", "À la gare.")]} for n in range(2)
    ]
    path = recipe_file(rows, {"held_out": 2})
    file = tmp_path / "rows.jsonl"
    text = file.read_text(encoding="utf-8").encode().decode("unicode_escape")
    file.write_bytes(text.encode("latin-1"))
    (remark,) = looked("sft", path, tmp_path / "rows").remarks()
    assert remark.startswith("2 of 10 rows hold U+FFFD, which stands where bytes are no UTF-8")
