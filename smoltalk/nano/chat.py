"""Chat: greetings, thanks and small talk, each with its one reply."""

from __future__ import annotations

from smoltalk.nano.task import FollowUp, Item, Slots, Task, exactly, unasked
from smoltalk.nano.world import TALK

DOMAIN = "chat"
# After these the user may begin anything.
OPENINGS = [said for said, (reply, *_) in TALK.items() if reply.endswith(("?", "listening.")) and len(TALK[said]) == 1]
_NEXT = {said: (reaction[0], reaction[1]) for said, (_, *reaction) in TALK.items() if reaction}

talk = Task(
    name="talk",
    domain=DOMAIN,
    questions=("{said}",),
    draw=lambda rng: {"said": rng.choice(list(TALK))},
    **exactly(lambda slots: TALK[slots["said"]][0]),
    known=lambda slots: slots["said"] in TALK,
    intent="chat",
    level="very easy",
)
reaction = unasked("reaction", DOMAIN, "go on with a chat", **exactly(lambda slots: _NEXT[slots["said"]][1]))


def _react(said: str) -> FollowUp:
    def fits(before: Item) -> bool:
        return before.task == "talk" and before.slots["said"] == said

    def resolve(before: Item, slots: Slots) -> Slots:
        return before.slots

    return FollowUp(reaction, (_NEXT[said][0],), fits, lambda before, rng: {}, resolve, weight=3)


TASKS = [talk]
FOLLOW_UPS = [_react(said) for said in _NEXT]
