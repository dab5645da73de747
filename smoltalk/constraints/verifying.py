"""Whether a text keeps constraints: each of them, and all together."""

from typing import NamedTuple

from smoltalk.constraints.constraint import PASS, Constraint
from smoltalk.constraints.listed import read
from smoltalk.contracts import Outcome


class Checked(NamedTuple):
    """The verdicts on one text."""

    constraints: tuple[Constraint, ...]
    outcomes: tuple[Outcome, ...]
    """One for each constraint, in order."""

    @property
    def outcome(self) -> Outcome:
        """`fail` when one fails, else `unknown` when one cannot be told, else `pass`; the reasons, a sentence each."""
        for verdict in ("fail", "unknown"):
            if reasons := [one.reason for one in self.outcomes if one.verdict == verdict]:
                return Outcome(verdict=verdict, reason="; ".join(reasons))
        return PASS


def verify_constraints(text: str, constraints: object) -> Checked:
    """Check a text against constraints: a list of `{id, kwargs}` (JSON text of one will do), or of `Constraint`.

    Raises `UserError` for an unknown id and for kwargs that are missing, unknown or out of range.
    """
    if (
        isinstance(constraints, list | tuple)
        and constraints
        and all(isinstance(one, Constraint) for one in constraints)
    ):
        known = list(constraints)
    else:
        known = read(constraints)
    return Checked(tuple(known), tuple(one.check(text) for one in known))
