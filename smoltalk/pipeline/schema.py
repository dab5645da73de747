"""The pipeline file as a JSON schema, so that an editor completes names and fields and underlines mistakes.

Generated from the classes; lines such as `# yaml-language-server: $schema=pipeline.schema.json` put it to use.
"""

from typing import Any

from pydantic.json_schema import models_json_schema

from smoltalk import catalog
from smoltalk.contracts import Part
from smoltalk.pipeline.load import Head

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMED = {"engines": "engine", "steps": "step", "gates": "gate"}


def schema() -> dict[str, Any]:
    """JSON schema, draft 2020-12. Parts given by import path are let through with any fields."""
    from smoltalk.mixture.source import Mix

    parts = {kind: {name: catalog.find(kind, name) for name in catalog.names(kind)} for kind in _NAMED}
    classes: list[type[Any]] = [Head, Mix, *(cls for named in parts.values() for cls in named.values())]
    refs, root = models_json_schema([(cls, "validation") for cls in classes], ref_template="#/$defs/{model}")
    defs = root["$defs"]
    head = defs.pop(refs[Head, "validation"]["$ref"].rpartition("/")[2])
    for kind, noun in _NAMED.items():
        fields = {name: refs[cls, "validation"] for name, cls in parts[kind].items()}
        defs[noun] = _one_key(noun, fields, {name for name, cls in parts[kind].items() if not _needs_fields(cls)})
    properties = head["properties"]
    properties["engines"] |= {"additionalProperties": {"$ref": "#/$defs/engine"}}
    properties["steps"] |= {"items": {"$ref": "#/$defs/step"}, "minItems": 1}
    properties["gates"] |= {"items": {"$ref": "#/$defs/gate"}}
    properties["mix"] = {**refs[Mix, "validation"], "description": properties["mix"]["description"]}
    head["required"].remove("steps")
    either = [{"required": ["steps"]}, {"required": ["mix"]}]
    return {"$schema": _DRAFT, **head, "anyOf": either, "title": "SmolTalk Factory pipeline", "$defs": defs}


def _one_key(noun: str, fields: dict[str, Any], bare: set[str]) -> dict[str, Any]:
    """`name: {fields}`; a name without required fields may stand alone (`complete:`)."""
    return {
        "description": f"One {noun}: `name: {{fields}}`.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            name: {"anyOf": [ref, {"type": "null"}]} if name in bare else ref for name, ref in fields.items()
        },
        "patternProperties": {r"^[^.]+(\.[^.]+)+$": {"type": ["object", "null"]}},
        "additionalProperties": False,
    }


def _needs_fields(cls: type[Part]) -> bool:
    return any(field.is_required() for field in cls.model_fields.values())
