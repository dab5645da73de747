"""Follow-ups that fit almost any answer: say it differently, just the answer, are you sure, thank you."""

from __future__ import annotations

from collections.abc import Callable

from smoltalk.nano.chat import talk
from smoltalk.nano.constraints import short_answer
from smoltalk.nano.task import FollowUp, Item, Slots, Task, exactly, unasked
from smoltalk.nano.wording import capitalized

LONGEST = 60


def _retold(name: str, retell: Callable[[str], str], intent: str) -> Task:
    """A task whose answer is computed from what was {said} before."""
    return unasked(name, "any", intent, **exactly(lambda slots: retell(slots["said"])))


def _is_short(before: Item) -> bool:
    plain = "\n" not in before.answer and "`" not in before.answer
    return plain and 0 < len(before.answer) <= LONGEST and before.domain != "chat"


def _said(before: Item, slots: Slots) -> Slots:
    return {"said": before.answer.strip()}


def _asked(
    task: Task, question: str, fits: Callable[[Item], bool], resolve: Callable[[Item, Slots], Slots], weight: float
) -> FollowUp:
    return FollowUp(task, (question,), fits, lambda before, rng: {}, resolve, weight)


shouted = _retold("shouted", str.upper, "get an answer in uppercase")
whispered = _retold("whispered", str.lower, "get an answer in lowercase")
quoted = _retold("quoted", lambda said: f'"{said}"', "get an answer in quotes")
curt = _retold("curt", lambda said: capitalized(said) + ".", "get a short answer")
confirmed = _retold("confirmed", lambda said: f"Yes, I am sure. {said}", "make sure of an answer")

THANKS = ("Thank you!", "Thanks for your help!")

FOLLOW_UPS = [
    _asked(
        shouted,
        "Now say that in uppercase.",
        lambda b: _is_short(b) and len(b.answer) <= 32 and not b.answer.isupper(),
        _said,
        weight=0.4,
    ),
    _asked(
        whispered,
        "Now say that in lowercase.",
        lambda b: _is_short(b) and not b.answer.islower(),
        _said,
        weight=0.4,
    ),
    _asked(quoted, "Put that in quotes.", lambda b: _is_short(b) and '"' not in b.answer, _said, weight=0.4),
    _asked(
        curt,
        "Just the answer, please.",
        lambda b: short_answer(b) is not None,
        lambda b, slots: {"said": short_answer(b) or ""},
        weight=0.6,
    ),
    _asked(confirmed, "Are you sure?", lambda b: short_answer(b) is not None, _said, weight=0.6),
    FollowUp(
        talk,
        ("{said}",),
        lambda before: before.domain != "chat",
        lambda before, rng: {"said": rng.choice(THANKS)},
        lambda before, slots: slots if slots["said"] in THANKS else {"said": ""},
        weight=0.4,
    ),
]
