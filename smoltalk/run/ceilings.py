"""What ends a run before its target is met, each as a sentence that begins with the limit's name."""

import sys
from collections import Counter

from smoltalk.pipeline import Target
from smoltalk.run.desks import Desks

_FIRST = 8
"""Rows that show what a row costs, where money is limited."""
_FIRST_ROUND = 32
"""The same for rows that are prepared together: a round costs a start of every engine."""
_ENOUGH_TO_TELL = 50
"""Rows judged before `max_failed` may stop a run."""


def bounded(target: Target) -> bool:
    """Whether there is a limit on rows, tokens, hours or money at all."""
    limits = (target.max_attempts, target.max_tokens, target.max_hours, target.max_cost)
    return any(limit is not None for limit in limits)


def spent(target: Target, desks: Desks, seconds: float) -> str:
    """The limit on tokens, hours or money that is met, or nothing."""
    if target.max_tokens is not None and desks.tokens >= target.max_tokens:
        return f"max_tokens: {desks.tokens:,} tokens were spent"
    if target.max_hours is not None and seconds >= target.max_hours * 3600:
        return f"max_hours: {seconds / 3600:.2f} hours have passed"
    if target.max_cost is not None and desks.cost >= target.max_cost:
        return f"max_cost: {desks.cost:,.2f} was spent"
    return ""


def dear(target: Target, desks: Desks, walking: int, born: int, before: float = 0.0) -> bool:
    """Whether the rows that are walking may cost what is left, by what those that ended did: then none is born yet.

    `before`: what was spent when the first of them was born.

    A ceiling that is looked at only when money is spent would be passed by all that is in flight, with batches tenfold.
    """
    if target.max_cost is None or not walking:
        return False
    if born == walking:
        return walking >= _FIRST
    return desks.cost + (walking + 1) * (desks.cost - before) / (born - walking) > target.max_cost


def affordable(target: Target, cost: float, before: float, rows: int) -> int:
    """Rows that what is left of `max_cost` pays for, by what `rows` through all stages cost, from `before` to `cost`.

    So that a round which is prepared can be paid to its end.
    """
    if target.max_cost is None:
        return sys.maxsize
    left, spent = target.max_cost - cost, cost - before
    if left <= 0:
        return 0
    if rows <= 0:
        return _FIRST_ROUND
    return int(left / (spent / rows)) if spent else sys.maxsize


def attempted(target: Target, decided: int) -> str:
    """The limit on rows born, once it is met."""
    met = target.max_attempts is not None and decided >= target.max_attempts
    return f"max_attempts: {target.max_attempts:,} rows were born" if met else ""


def too_many_failed(target: Target, fates: Counter[str], enough: int = _ENOUGH_TO_TELL) -> str:
    """Whether more rows failed than `max_failed` allows, once `enough` are judged."""
    if not fates["failed"]:
        return ""
    judged = fates.total()
    if judged >= enough and fates["failed"] > target.max_failed * judged:
        return f"max_failed: {fates['failed']:,} of {judged:,} rows failed"
    return ""
