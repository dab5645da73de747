"""What a misspelt part was probably meant to be.

A guess is never used to make data: it lets the checks go on below a mistake, so that one mistake hides no other.
"""

from typing import Any

from pydantic import BaseModel

from smoltalk import catalog
from smoltalk.document import Document
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.fields import fill, meant


def of_name(kind: str, name: str, fields: Any) -> Any:
    """The part of the nearest name, if its fields fit."""
    choice = meant(nearest(name, set(catalog.names(kind)) - {name}))
    if not choice or "." in name:
        return None
    try:
        return of_fields(catalog.find(kind, choice), fields)
    except UserError:
        return None


def of_fields(cls: type[BaseModel], fields: Any) -> Any:
    """A part from fields with what is misspelt put right and what is wrong left out; None when that is not enough."""
    if not isinstance(fields, dict):
        return None
    known, mended = set(cls.model_fields), dict(fields)
    for name in fields.keys() - known:
        value = mended.pop(name)
        if choice := meant(nearest(name, known - fields.keys())):
            mended[choice] = value
    for _ in range(3):
        try:
            return fill(cls, mended, Document(""), (), "")
        except UserError as error:
            for problem in error.problems:
                _mend(mended, problem)
    return None


def _mend(fields: dict[str, Any], problem: Problem) -> None:
    """Replace the word that the problem quotes by the one its hint names; else drop the field that it opens with."""
    if choice := meant(problem.hint):
        for name, value in fields.items():
            if isinstance(value, str) and f"`{value}`" in problem.sentence:
                fields[name] = choice
                return
    fields.pop(problem.sentence.partition(":")[0].partition(".")[0], None)
