"""Whether a text keeps constraints: each of them, and all together."""

from typing import NamedTuple

from smoltalk.constraints.constraint import PASS, Constraint, failed
from smoltalk.constraints.listed import read
from smoltalk.contracts import Outcome

_EMPTY = failed("the answer is empty")


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
                return Outcome(verdict=verdict, reason="; ".join(dict.fromkeys(reasons)))
        return PASS


def verify_constraints(text: str, constraints: object) -> Checked:
    """Check a text against constraints: a list of `{id, kwargs}` (JSON text of one will do), or of `Constraint`.

    A text that shows nothing keeps none of them, as in IFEval's evaluation (`response.strip()`): it has no comma, but
    is no answer without one. Raises `UserError` for an unknown id and for kwargs that are missing, unknown or out of
    range.
    """
    if (
        isinstance(constraints, list | tuple)
        and constraints
        and all(isinstance(one, Constraint) for one in constraints)
    ):
        known = list(constraints)
    else:
        known = read(constraints)
    outcomes = [one.check(text) for one in known] if text.strip() else [_EMPTY] * len(known)
    return Checked(tuple(known), tuple(outcomes))
