"""What gates said of rows that a mixture left out."""

import pytest

from smoltalk.contracts import Gate
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.length import Length
from smoltalk.mixing.rulings import rulings

GATES: list[tuple[str, Gate]] = [
    ("same", ExactDuplicate(on="messages")),
    ("long", Length(min=1)),
    ("longer", Length(min=2)),
]


@pytest.mark.parametrize(
    ("fate", "where", "reason", "told"),
    [
        ("rejected", "mix", "too_long", "mix: rejected, long: not reached, longer: not reached, same: not reached"),
        ("rejected", "longer", "too_short", "long: kept, longer: rejected, same: not reached"),
        ("rejected", "mix", "beyond_share", "long: kept, longer: kept, mix: rejected, same: not reached"),
        ("rejected", "mix", "same_row", "long: kept, longer: kept, mix: rejected, same: not reached"),
        ("rejected", "same", "duplicate", "long: kept, longer: kept, same: rejected"),
        ("failed", "long", "gate_error", "long: failed, longer: not reached, same: not reached"),
        ("failed", "source", "unreadable", "long: not reached, longer: not reached, same: not reached"),
    ],
)
def test_gates_that_compare_come_last(fate: str, where: str, reason: str, told: str) -> None:
    assert ", ".join(f"{one.gate}: {one.ruling}" for one in rulings(GATES, fate, where, reason)) == told


def test_where_nothing_is_wrong_with_the_row_it_is_said_why_it_ended() -> None:
    (reason,) = [one.reason for one in rulings(GATES, "rejected", "mix", "beyond_share") if one.reason]
    assert reason.startswith("beyond_share (its source gave as many rows as its `share` comes to")
