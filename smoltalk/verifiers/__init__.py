"""Verifiers say by code whether an answer is right: one class a file, named in YAML by its file.

Constraints can be verified without a pipeline, `from smoltalk.verifiers import verify_constraints`.
"""

from typing import TYPE_CHECKING

from smoltalk.errors import Problem, UserError

if TYPE_CHECKING:
    from smoltalk.constraints import Checked


def verify_constraints(text: str, constraints: object) -> "Checked":
    """Check a text against constraints, each an `{id, kwargs}`; see `smoltalk.constraints`.

    Raises `UserError` for what is no text, an unknown id, and kwargs that are missing, unknown or out of range.
    """
    if not isinstance(text, str):
        raise UserError([Problem("text", 0, f"must be a text, not {type(text).__name__}")])
    from smoltalk.constraints import verify_constraints as verify

    return verify(text, constraints)
