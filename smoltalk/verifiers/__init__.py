"""Verifiers say by code whether an answer is right: one class a file, named in YAML by its file.

Constraints can be verified without a pipeline, `from smoltalk.verifiers import verify_constraints`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smoltalk.constraints import Checked


def verify_constraints(text: str, constraints: object) -> "Checked":
    """Check a text against constraints, each an `{id, kwargs}`; see `smoltalk.constraints`.

    Raises `UserError` for an unknown id and for kwargs that are missing, unknown or out of range.
    """
    from smoltalk.constraints import verify_constraints as verify

    return verify(text, constraints)
