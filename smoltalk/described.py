"""What YAML fills: fields with a text below each that says what it is for, which the JSON schema shows."""

import ast
import inspect
import textwrap
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema


class Described(BaseModel):
    """Refuses unknown fields. Its source is read when a schema is asked for, and not when it is imported: pydantic's
    own `use_attribute_docstrings` reads and parses it then, which is most of what importing such a class costs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    looks_up: ClassVar[tuple[str, ...]] = ()
    """Its cached properties that find what fields name, a template say: done when it is made, so that a name which
    means nothing is a mistake in the field."""

    @model_validator(mode="after")
    def _looked_up(self) -> Self:
        for name in self.looks_up:
            getattr(self, name)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, said in _said(cls).items():
            if name in properties:
                properties[name].setdefault("description", said)
        return schema


def _said(cls: type[BaseModel]) -> dict[str, str]:
    """What stands below each field; one that a subclass declares again says what it says there."""
    found: dict[str, str] = {}
    for owner in reversed(cls.__mro__):
        if not issubclass(owner, BaseModel) or owner is BaseModel:
            continue
        try:
            body = _body(owner)
        except (OSError, TypeError):  # made at run time, or shipped without its source
            continue
        for field, below in zip(body, [*body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                found.pop(field.target.id, None)
                if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                    found[field.target.id] = inspect.cleandoc(str(below.value.value))
    return found


def _body(cls: type) -> list[ast.stmt]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    return tree.body if isinstance(tree, ast.ClassDef) else []
