"""Pairs for the reward model: a conversation whose answers are all right, and the same with one answer wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from zlib import crc32

from smoltalk.nano.corruption import corrupted
from smoltalk.nano.curriculum import DOMAIN_PROMPTS, Message
from smoltalk.nano.dialogues import items, turns
from smoltalk.nano.task import Item

SYSTEM_SHARE = 0.25
HELD_OUT_SHARE = 20
HARDEST, HARDEST_SHARE = "math", 0.5


@dataclass(frozen=True)
class Pair:
    chosen: list[Message]
    rejected: list[Message]
    domain: str


def is_held_out(opening: str) -> bool:
    """One opening question in twenty, told by its own text, is never trained on."""
    return crc32(opening.encode()) % HELD_OUT_SHARE == 0


def pairs(rng: Random, held_out: bool) -> Iterator[Pair]:
    """Endless pairs, from opening questions that are held out or from the others."""
    while True:
        domain = rng.choice(list(DOMAIN_PROMPTS)) if rng.random() < SYSTEM_SHARE else None
        history = items(rng, domain)
        wrong = rng.randrange(len(history))
        pair = _pair(rng, history, wrong, DOMAIN_PROMPTS[domain] if domain else None)
        if pair and is_held_out(history[0].query) == held_out:
            yield pair


def drills(rng: Random) -> Iterator[Pair]:
    """Endless pairs to learn from, none held out: every second one is short, and often math."""
    drawn = pairs(rng, held_out=False)
    while True:
        yield next(drawn)
        history = items(rng, HARDEST if rng.random() < HARDEST_SHARE else None)
        wrong = rng.randrange(len(history))
        pair = _pair(rng, history[: wrong + 1], wrong, None)
        if pair and not is_held_out(history[0].query):
            yield pair


def _pair(rng: Random, history: Sequence[Item], wrong: int, prompt: str | None) -> Pair | None:
    """The conversation, and the same with the answer at `wrong` damaged; None when no damage made it wrong."""
    answer = corrupted(rng, history[wrong], history[:wrong])
    if answer is None:
        return None
    system = [{"role": "system", "content": prompt}] if prompt else []
    chosen, rejected = system + turns(history), system + turns(history)
    rejected[len(system) + 2 * wrong + 1]["content"] = answer
    return Pair(chosen, rejected, history[wrong].domain)
