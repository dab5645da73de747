"""The JSON schema for editors: valid itself, takes what `load` takes, and underlines what it refuses."""

from typing import Any

import jsonschema
import pytest

from smoltalk import catalog
from smoltalk.catalog import data_folder
from smoltalk.document import parse
from smoltalk.pipeline import schema


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft202012Validator(schema())


def test_it_is_a_schema(validator: Any) -> None:
    validator.check_schema(validator.schema)
    assert set(validator.schema["$defs"]["step"]["properties"]) == set(catalog.names("steps"))
    assert validator.schema["properties"]["seed"]["description"]


@pytest.mark.parametrize("path", sorted(data_folder("pipelines").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_pipelines_fit(validator: Any, path: Any) -> None:
    document = parse(path.read_text(encoding="utf-8"), path.name)
    assert [f"{e.json_path}: {e.message}" for e in validator.iter_errors(document.data)] == []


MIX = """
name: mixed
mix:
  rows: 10
  sources:
    one: {hub: org/one, share: 1.0, where: {kind: [a, b]}}
"""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("", "", None),
        ("hub: org/one", "hubb: org/one", "$.mix.sources.one"),
        ("share: 1.0", "share: 2.0", "$.mix.sources.one.share"),
        ("mix:", "steps: []\nmx:", "$"),
        ("sources:", "sourses:", "$.mix"),
        ("mix:", "keep: []\nrehearsal:", "$"),
    ],
)
def test_mistakes_in_mixtures_are_underlined(validator: Any, old: str, new: str, place: str | None) -> None:
    data = parse(MIX.replace(old, new, 1), "x").data
    found = {error.json_path for error in validator.iter_errors(data)}
    assert any(one.startswith(place) for one in found) if place else not found


GOOD = """
name: good
engines: {teacher: {own.Engine: {}}}
target: {accepted: 10}
steps:
  - magpie: {engine: teacher, turns: 2}
  - own.Step:
  - ask: {engine: teacher, template: rate_quality}
"""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("", "", None),
        ("name: good", "", "$"),
        ("name: good", "name: Good!", "$.name"),
        ("turns: 2", "turns: 0", "$.steps[0].magpie.turns"),
        ("turns: 2", "trns: 2", "$.steps[0].magpie"),
        ("magpie:", "magpei:", "$.steps[0]"),
        ("{accepted: 10}", "{acepted: 10}", "$.target"),
        ("template: rate_quality", "x: 1", "$.steps[2].ask"),
        ("  - own.Step:", "  - {ask: {}, score: {}}", "$.steps[1]"),
        ("target:", "tarket:", "$"),
    ],
)
def test_mistakes_are_underlined_where_they_are(validator: Any, old: str, new: str, place: str | None) -> None:
    data = parse(GOOD.replace(old, new, 1), "x").data
    found = {error.json_path for error in validator.iter_errors(data)}
    assert place in found if place else not found
