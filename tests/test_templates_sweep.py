"""Every shipped template renders its example to its golden text, and says what comes back.

After a deliberate change: `REGENERATE=1 pytest tests/test_templates_sweep.py`, then read the diff.
"""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from smoltalk import prompts
from smoltalk.errors import BadReply
from smoltalk.requests import Sampling

GOLDEN = Path(__file__).parent / "golden" / "templates"
TALK = "User: Hello\nAssistant: Hi!"
TURNS = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}]


def rendered(template: prompts.Template) -> str:
    turns = [f"[{turn['role']}]\n{turn['content']}\n" for turn in template.render(template.example)]
    request = template.request(template.example, Sampling())
    form = {"schema": request.schema, "regex": request.regex, "choice": list(request.choice)}
    said = {name: wanted for name, wanted in form.items() if wanted} or None
    return "\n".join([*turns, f"[returns]\n{json.dumps(said, indent=1)}\n"])


@pytest.mark.parametrize("name", prompts.names())
def test_template_renders_its_example(name: str) -> None:
    template = prompts.find(name)
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("REGENERATE"):
        golden.write_text(rendered(template), encoding="utf-8")
    assert rendered(template) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", prompts.names())
def test_template_is_described_and_its_example_is_what_it_reads(name: str) -> None:
    template = prompts.find(name)
    assert template.description
    assert template.example.keys() == template.variables()


@pytest.mark.parametrize("name", prompts.names())
def test_template_takes_a_reply_of_its_form_and_no_other(name: str) -> None:
    template = prompts.find(name)
    schema, choice = template.schema(), template.header.choice
    if schema is None:
        assert template.header.regex is None, "a shipped template with a regex needs a reply to be tried on"
        dialogue = template.header.returns == "messages"
        for reply in choice or [TALK if dialogue else "A reply."]:
            assert template.parse(reply) == dict.fromkeys(template.writes(), TURNS if dialogue else reply)
        with pytest.raises(BadReply):
            template.parse(f"{reply}!" if choice else " ")
        return
    jsonschema.Draft202012Validator.check_schema(schema)
    reply = {column: _sample(kind) for column, kind in schema["properties"].items()}
    assert template.parse(json.dumps(reply)) == reply
    for column in reply.keys() - template.json_columns():
        with pytest.raises(BadReply):
            template.parse(json.dumps(reply | {column: {}}))


def _sample(kind: dict[str, Any]) -> Any:
    if "enum" in kind:
        return kind["enum"][-1]
    if "anyOf" in kind:
        return {"any": ["value"]}
    if kind["type"] == "array":
        return ["words"] if kind["items"] == {"type": "string"} else TURNS
    return {"string": "words", "integer": 3, "number": 0.5, "boolean": True}[kind["type"]]


def test_no_golden_text_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(prompts.names())
