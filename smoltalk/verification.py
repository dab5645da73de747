"""A verifier as YAML names it, and its word on a row."""

from typing import Annotated, Any

from pydantic import Field

from smoltalk import catalog
from smoltalk.contracts import Outcome, Verifier
from smoltalk.document import Document
from smoltalk.errors import Problem, UserError
from smoltalk.fields import fill
from smoltalk.rows import Row
from smoltalk.sandbox.off_loop import off_loop

Named = str | Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
"""A name in `smoltalk/verifiers/`, or `name: {fields}`."""


def verifier_named(value: str | dict[str, dict[str, Any]]) -> Verifier:
    """The verifier that YAML names. Raises `UserError` whose problems have no path: whoever read it knows the line."""
    named = {value: {}} if isinstance(value, str) else value
    if len(named) != 1:
        raise UserError([Problem("", 0, "`verifier` is one name, or one `name: {fields}`")])
    name, fields = next(iter(named.items()))
    verifier: Verifier = fill(catalog.find("verifiers", name), fields, Document(""), (), name)
    return verifier


async def word(verifier: Verifier, row: Row) -> Outcome:
    """The verifier's word on a row; one that says it is `slow` works beside the event loop."""
    if verifier.slow:
        return await off_loop(verifier.verify, row)
    return verifier.verify(row)


def runs_programs(step: Any) -> bool:
    """Whether a step runs what models wrote, itself or by its verifier: what keeps that in is said before it starts."""
    return bool(getattr(step, "slow", False) or getattr(getattr(step, "_verifier", None), "slow", False))
