"""Pairs for the reward model: a conversation whose answers are all right, and the same with one answer wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from zlib import crc32

from smoltalk.nano.corruption import corrupted
from smoltalk.nano.curriculum import DOMAIN_PROMPTS, Message
from smoltalk.nano.dialogues import items, turns

SYSTEM_SHARE = 0.25
HELD_OUT_SHARE = 20


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
        if is_held_out(history[0].query) != held_out:
            continue
        wrong = rng.randrange(len(history))
        answer = corrupted(rng, history[wrong], history[:wrong])
        if answer is None:
            continue
        system = [{"role": "system", "content": DOMAIN_PROMPTS[domain]}] if domain else []
        chosen, rejected = system + turns(history), system + turns(history)
        rejected[len(system) + 2 * wrong + 1]["content"] = answer
        yield Pair(chosen, rejected, history[wrong].domain)
