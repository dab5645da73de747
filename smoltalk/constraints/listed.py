"""Every constraint by its id, and one made from an id and kwargs as data gives them."""

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from smoltalk.constraints import (
    detectable,
    edges,
    formats,
    keywords,
    language,
    length_constraints,
    lengths,
    lists,
    style,
    vocabulary,
    whole_answer,
)
from smoltalk.constraints.constraint import Constraint
from smoltalk.document import Document
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.fields import fill, shown

_FAMILIES = (
    keywords,
    language,
    length_constraints,
    detectable,
    whole_answer,
    lengths,
    lists,
    formats,
    vocabulary,
    style,
    edges,
)
_MOST = 64
"""Constraints on one answer; data that asks for more is broken."""

IFEVAL = frozenset(
    one.id
    for family in (keywords, language, length_constraints, detectable, whole_answer)
    for one in family.CONSTRAINTS
)
"""The ids of IFEval (Zhou et al. 2023, arXiv 2311.07911)."""


@cache
def constraints() -> Mapping[str, type[Constraint]]:
    """Id -> class, IFEval's first."""
    return MappingProxyType({one.id: one for family in _FAMILIES for one in family.CONSTRAINTS})


def constraint(id: object, kwargs: object) -> Constraint:
    """The constraint of that id with these kwargs: a mapping, or JSON text of one.

    A kwarg that is None is one that is missing: tables of mixed constraints hold None where a constraint has no such
    kwarg. Raises `UserError` with a sentence for each that is missing, unknown, out of range or of another type.
    """
    known = constraints()
    if not isinstance(id, str) or id not in known:
        hint = nearest(id, known) if isinstance(id, str) else ""
        raise UserError([Problem("", 0, f"no constraint {shown(id)}", hint)])
    if isinstance(kwargs, str):
        kwargs = _parsed(kwargs, f"the kwargs of `{id}`")
    given = {k: v for k, v in kwargs.items() if v is not None} if isinstance(kwargs, dict) else kwargs
    try:
        return known[id].model_validate({} if given is None else given)
    except ValidationError:
        pass
    try:
        return fill(known[id], given, Document(""), (), id)  # says what is wrong
    except UserError as error:
        raise UserError([Problem("", 0, _placed(id, p.sentence), p.hint) for p in error.problems]) from None
    except (TypeError, ValueError):
        raise UserError([Problem("", 0, f"the kwargs of `{id}` are no JSON")]) from None


def _placed(id: str, sentence: str) -> str:
    """The sentence about a kwarg, with the constraint it belongs to."""
    return sentence if id in sentence else f"`{id}`: {sentence.removeprefix(': ')}"


def read(value: object) -> list[Constraint]:
    """Constraints as a column holds them: a list of `{id, kwargs}`, or JSON text of one.

    Raises `UserError`.
    """
    if isinstance(value, str):
        value = _parsed(value, "the constraints")
    if not isinstance(value, list | tuple) or not all(isinstance(one, dict) for one in value):
        raise UserError([Problem("", 0, f"constraints are a list of {{id, kwargs}}, not {shown(value)}")])
    if not 0 < len(value) <= _MOST:
        raise UserError([Problem("", 0, f"an answer has 1 to {_MOST} constraints, not {len(value)}")])
    for one in value:
        if extra := [name for name in one if name not in ("id", "kwargs")]:
            raise UserError([Problem("", 0, f"a constraint is {{id, kwargs}}, and {shown(extra[0])} is neither")])
    return [constraint(one.get("id"), one.get("kwargs")) for one in value]


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UserError([Problem("", 0, f"{what} are no JSON: {shown(text)}")]) from None
