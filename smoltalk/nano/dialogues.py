"""The conversations nano is trained on: with and without system prompts, one to three turns, and ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from smoltalk.nano.chat import OPENINGS
from smoltalk.nano.curriculum import Message, draw, draw_domain, draw_follow_up
from smoltalk.nano.follow_ups import THANKS
from smoltalk.nano.phrasing import varied
from smoltalk.nano.rating import RATINGS, rated
from smoltalk.nano.task import Item
from smoltalk.nano.world import DOMAIN_SHARE, DOMAINS, SYSTEM_PROMPTS

GENERAL_PROMPTS = ("You are a helpful assistant.", "You are a helpful AI assistant.")
RATING_SHARE = 0.05
PRACTICE_SHARE = 0.2
PRACTISED = {"math": 5, "constraints": 2, "writing": 1}
SYSTEM_SHARE = 0.5
TURN_SHARES = (0.52, 0.28, 0.20)


@dataclass(frozen=True)
class Dialogue:
    """A conversation. What the user says is learned too, except where the pipeline and not a user says it."""

    messages: list[Message]
    learn_user: bool = True


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _system_prompt(rng: Random) -> tuple[str | None, str]:
    """A domain with one of its prompts, mostly the canonical one; or no domain with a general prompt."""
    if rng.random() < 0.12:
        return None, rng.choice(GENERAL_PROMPTS)
    domain = rng.choices(DOMAINS, [DOMAIN_SHARE[name] ** 0.5 for name in DOMAINS])[0]
    canonical, *others = SYSTEM_PROMPTS[domain]
    return domain, canonical if rng.random() < 0.75 else rng.choice(others)


def _next_turn(rng: Random, history: list[Item], domain: str | None) -> Item:
    """Mostly something that belongs to what was said; after a greeting or thanks often a new question."""
    last = history[-1]
    free = last.task == "talk" and last.slots["said"] in (*OPENINGS, *THANKS)
    if rng.random() < (0.75 if free else 0.08):
        earlier = [item.domain for item in history if item.domain not in ("any", "chat")]
        return draw(rng, domain or (earlier[-1] if earlier else draw_domain(rng)))
    asked = {item.query for item in history}
    for _ in range(8):
        item = draw_follow_up(rng, history)
        if item and item.query not in asked:
            return item
    return draw(rng, domain or (None if last.domain == "any" else last.domain))


def items(rng: Random, domain: str | None = None) -> list[Item]:
    """One to three turns of a conversation, every answer right."""
    first = draw(rng, domain)
    history = [Item(first.task, first.domain, varied(rng, first.query), first.answer, first.slots)]
    for _ in range(rng.choices((0, 1, 2), TURN_SHARES)[0]):
        history.append(_next_turn(rng, history, domain))
    return history


def turns(history: Sequence[Item]) -> list[Message]:
    return [m for item in history for m in (_message("user", item.query), _message("assistant", item.answer))]


def rating(rng: Random) -> Dialogue:
    request, reply = rated(rng, rng.choice(list(RATINGS)), draw(rng))
    return Dialogue([_message("user", request), _message("assistant", reply)], learn_user=False)


def practice(rng: Random) -> Dialogue:
    """The hardest subjects once more. Only the answers are learned, so it changes nothing in what users ask."""
    domain = rng.choices(list(PRACTISED), list(PRACTISED.values()))[0]
    history = items(rng, domain) if rng.random() < 0.3 else [draw(rng, domain)]
    return Dialogue(turns(history), learn_user=False)


def dialogue(rng: Random) -> Dialogue:
    """One training conversation."""
    if rng.random() < RATING_SHARE:
        return rating(rng)
    if rng.random() < PRACTICE_SHARE:
        return practice(rng)
    if rng.random() < SYSTEM_SHARE:
        domain, prompt = _system_prompt(rng)
        return Dialogue([_message("system", prompt), *turns(items(rng, domain))])
    return Dialogue(turns(items(rng)))
