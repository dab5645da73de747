"""Draws constraints that one answer can keep together, with kwargs, and words the request for them."""

from collections.abc import Collection, Sequence
from random import Random

from smoltalk.constraints.conflicts import conflicts, fitting
from smoltalk.constraints.constraint import Constraint
from smoltalk.constraints.listed import constraints

_TRIES = 20
"""How often kwargs are drawn anew, or another constraint, before fewer are taken."""
LONGEST_REPEATED = 600
"""Characters of an instruction that an answer may be asked to repeat."""


def draw(rng: Random, instruction: str, count: int, among: Collection[str] = ()) -> list[Constraint]:
    """`count` constraints of `among` (all, when it is empty) that fit together.

    Fewer where those chosen first leave no room, but one at least. The same generator and instruction give the same.
    """
    known = constraints()
    usable = sorted(among or known)
    if not 0 < len(instruction.strip()) <= LONGEST_REPEATED:
        usable = [id for id in usable if id != "combination:repeat_prompt"] or usable
    chosen: list[Constraint] = []
    for _ in range(_TRIES * count):
        free = [id for id in usable if all(id != one.id and id not in conflicts()[one.id] for one in chosen)]
        if len(chosen) == count or not free:
            break
        drawn = known[rng.choice(free)].draw(rng, instruction)
        if fitting([*chosen, drawn]):
            chosen.append(drawn)
    return chosen


def stated(rng: Random, chosen: Sequence[Constraint]) -> str:
    """The sentences that ask for them: one after the other, or a list of them."""
    sentences = [one.state(rng) for one in chosen]
    if len(sentences) > 2 and rng.random() < 0.4:
        return "\n".join([rng.choice(_LEADS), *(f"- {sentence}" for sentence in sentences)])
    return " ".join(sentences)


_LEADS = ("Keep to these rules:", "Your answer must obey all of the following:", "Please follow these instructions:")
