"""What nano is taught to reply to the rating templates, with labels that follow from how a query was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from smoltalk.errors import BadReply
from smoltalk.nano.curriculum import TASK_BY_NAME
from smoltalk.nano.task import Item
from smoltalk.nano.wording import uncapitalized
from smoltalk.nano.world import DOMAIN_KNOWLEDGE
from smoltalk.prompts import find

VAGUE = ("Help me.", "Write something.", "Tell me about it.", "Make it better.", "Do this.", "Explain.", "List some.")
Reply = dict[str, str]


def request(name: str, query: str) -> str:
    """What the pipeline asks when it rates a query."""
    return str(find(name).render({"instruction": query})[-1]["content"])


def accepted(name: str, reply: str) -> bool:
    """Whether the pipeline can use the reply."""
    try:
        find(name).parse(reply)
    except BadReply:
        return False
    return True


def _scrambled(rng: Random, query: str) -> str:
    words = query.split()
    rng.shuffle(words)
    return " ".join(words)


def _misspelt(rng: Random, query: str) -> str:
    letters = list(query)
    for _ in range(max(3, len(letters) // 6)):
        i = rng.randrange(len(letters) - 1)
        letters[i], letters[i + 1] = letters[i + 1], letters[i]
    return "".join(letters)


def _cut_off(rng: Random, query: str) -> str:
    words = query.split()
    return " ".join(words[: max(1, len(words) * 2 // 3)])


def _careless(rng: Random, query: str) -> str:
    return uncapitalized(query).rstrip("?.!")


def _vague(rng: Random, query: str) -> str:
    return rng.choice(VAGUE)


# what is done to the query, the label that follows from it, the reason to give, how often
_CONDITIONS: list[tuple[Callable[[Random, str], str], str, str, float]] = [
    (_scrambled, "very poor", "The words are in no sensible order.", 1),
    (_misspelt, "very poor", "The words are misspelt.", 1),
    (_cut_off, "poor", "The request stops in the middle.", 1.5),
    (_vague, "poor", "It is not clear what is wanted.", 0.5),
    (_careless, "average", "The request is clear but carelessly written.", 1.5),
]
_INTACT = 6.0
DETAILED = 9


def quality(rng: Random, item: Item) -> tuple[str, Reply]:
    """A query, damaged or not, and its rating. An intact query is excellent when it is long enough to give details."""
    conditions = [*_CONDITIONS, None]
    weights = [*(weight for *_, weight in _CONDITIONS), _INTACT]
    condition = rng.choices(conditions, weights)[0]
    if condition:
        damage, label, reason, _ = condition
        return damage(rng, item.query), {"quality_reason": reason, "quality": label}
    if len(item.query.split()) >= DETAILED:
        return item.query, {"quality_reason": "The request is clear and detailed.", "quality": "excellent"}
    return item.query, {"quality_reason": "The request is clear.", "quality": "good"}


def _perhaps_damaged(rng: Random, query: str) -> str:
    """What a query is about can still be told when it has a flaw."""
    return rng.choice((_misspelt, _careless, _cut_off))(rng, query) if rng.random() < 0.12 else query


def difficulty(rng: Random, item: Item) -> tuple[str, Reply]:
    task = TASK_BY_NAME[item.task]
    reply = {"intent": task.intent, "knowledge": DOMAIN_KNOWLEDGE[item.domain], "difficulty": task.level}
    return _perhaps_damaged(rng, item.query), reply


def topic(rng: Random, item: Item) -> tuple[str, Reply]:
    return _perhaps_damaged(rng, item.query), {"topic": item.domain}


RATINGS: dict[str, Callable[[Random, Item], tuple[str, Reply]]] = {
    "rate_quality": quality,
    "rate_difficulty": difficulty,
    "classify": topic,
}


def rated(rng: Random, name: str, item: Item) -> tuple[str, str]:
    """The rendered template about a query, and the reply to it."""
    query, reply = RATINGS[name](rng, item)
    return request(name, query), json.dumps(reply, ensure_ascii=False)
