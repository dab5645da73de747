"""What stands below a field is its description in the schema, read only when one is asked for."""

from typing import Any

from pydantic import BaseModel, Field

from smoltalk.described import Described


class Base(Described):
    """A base."""

    kept: int = 0
    """Said by the base.

    In two paragraphs.
    """
    replaced: int = 0
    """Said by the base."""
    silenced: int = 0
    """Said by the base."""


class Inner(Described):
    size: int = Field(default=1, gt=0)
    """Of the inner one."""


class Whole(Base):
    replaced: int = 1
    """Said anew."""
    silenced: int = 1
    said: str = Field(default="", description="said in the field")
    """Not this."""
    inner: Inner = Inner()
    """A part of it."""


def described(cls: type[BaseModel]) -> dict[str, Any]:
    return {name: field.get("description") for name, field in cls.model_json_schema()["properties"].items()}


def test_each_field_says_what_stands_below_it() -> None:
    assert described(Whole) == {
        "kept": "Said by the base.\n\nIn two paragraphs.",
        "replaced": "Said anew.",
        "silenced": None,
        "said": "said in the field",
        "inner": "A part of it.",
    }
    assert Whole.model_json_schema()["$defs"]["Inner"]["properties"]["size"]["description"] == "Of the inner one."


def test_it_is_what_pydantic_says_itself() -> None:
    class Theirs(BaseModel, use_attribute_docstrings=True):
        kept: int = 0
        """One thing
        and another."""
        size: int = 1

    class Ours(Described):
        kept: int = 0
        """One thing
        and another."""
        size: int = 1

    assert described(Ours) == described(Theirs)


def test_a_class_without_source_has_no_descriptions() -> None:
    made = type("Made", (Described,), {"__annotations__": {"size": int}, "__doc__": "Made.", "__module__": "nowhere"})
    assert described(made) == {"size": None}
