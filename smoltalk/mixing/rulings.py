"""What each gate of a mixture said of a row that is not in it, in the order in which a mixture asks."""

from collections.abc import Sequence

from smoltalk.contracts import Gate
from smoltalk.mixing.choose import ENDS
from smoltalk.mixing.judges import Compares
from smoltalk.mixing.sieve import MIX
from smoltalk.run.life import Ruling

_CHOSEN = {end.reason for end in ENDS}
_WHY = {
    "beyond_share": "its source gave as many rows as its `share` comes to, and others were drawn",
    "beyond_count": "its source gave as many rows as its `count` asks for, and others were drawn",
    "same_row": "another row is the same in id and content",
}


def rulings(gates: Sequence[tuple[str, Gate]], fate: str, where: str, reason: str) -> list[Ruling]:
    """First the mixture's own limits and the gates that need one row; then rows are drawn, as many as are asked for;
    then the gates that compare rows. `gates` come with their labels; the rest is the row's end in the books."""
    before = [label for label, gate in gates if not isinstance(gate, Compares)]
    after = [label for label, gate in gates if isinstance(gate, Compares)]
    order = [*before, *after]
    if where == MIX:
        order = [*before, MIX, *after] if reason in _CHOSEN else [MIX, *order]
    stopped = order.index(where) if where in order else 0
    why = f"{reason} ({_WHY[reason]})" if where == MIX and reason in _WHY else reason
    return [
        Ruling(label, fate, why)
        if place == stopped and label == where
        else Ruling(label, "kept" if place < stopped else "not reached")
        for place, label in enumerate(order)
    ]
