"""What a misspelt part was probably meant to be.

A guess is never used to make data: it lets the checks go on below a mistake, so that one mistake hides no other.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

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
        return of_fields(catalog.find(kind, choice), fields).part
    except UserError:
        return None


class Guess(NamedTuple):
    """A part that the file does not name so."""

    part: Any
    """None when not even a guess is possible."""
    doubtful: frozenset[str] = frozenset()
    """Fields of it that may be meant otherwise."""

    def mistakes(self) -> Iterator[str]:
        """What its `check` says before it looks at a doubtful field: that is wrong whatever the others are to be.

        Raises what `check` raises.
        """
        if self.part is None:
            return
        looked_at, doubtful, cls = set[str](), self.doubtful, type(self.part)

        class Watched(cls):  # type: ignore[misc, valid-type]
            def __getattribute__(self, name: str) -> Any:
                if name in doubtful:
                    looked_at.add(name)
                return super().__getattribute__(name)

        # Made anew: what the part remembers of its making has no eyes on it.
        try:
            for sentence in Watched.model_construct(**dict(self.part)).check():
                if looked_at:
                    return
                yield sentence
        except (UserError, OSError, ValueError):
            if not looked_at:
                raise


def of_fields(cls: type[BaseModel], fields: Any) -> Guess:
    """A part from fields with what is misspelt put right and what is wrong left out."""
    if not isinstance(fields, dict):
        return Guess(None)
    known, mended = set(cls.model_fields), dict(fields)
    unknown = fields.keys() - known
    for name in unknown:
        value = mended.pop(name)
        if choice := meant(nearest(name, known - fields.keys())):
            mended[choice] = value
    for _ in range(3):
        try:
            part = fill(cls, mended, Document(""), (), "")
        except UserError as error:
            for problem in error.problems:
                _mend(mended, problem)
        else:
            as_given = {name for name in mended if name in fields and mended[name] == fields[name]}
            return Guess(part, frozenset((known if unknown else known & fields.keys()) - as_given))
    return Guess(None)


def _mend(fields: dict[str, Any], problem: Problem) -> None:
    """Replace the word that the problem quotes by the one its hint names; else drop the field that it opens with."""
    if choice := meant(problem.hint):
        for name, value in fields.items():
            if isinstance(value, str) and f"`{value}`" in problem.sentence:
                fields[name] = choice
                return
    fields.pop(problem.sentence.partition(":")[0].partition(".")[0], None)
