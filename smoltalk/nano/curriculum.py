"""Everything nano can do: draw a question with its answer, and judge an answer or a whole conversation."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from smoltalk.nano import (
    arithmetic,
    chat,
    coding,
    constraints,
    editing,
    follow_ups,
    geography,
    language,
    science,
    stories,
    word_problems,
    writing,
)
from smoltalk.nano.phrasing import readings
from smoltalk.nano.task import FollowUp, Item, Task
from smoltalk.nano.world import DOMAIN_SHARE, DOMAINS, SYSTEM_PROMPTS

Message = dict[str, str]
# One more subject: a module with its TASKS and FOLLOW_UPS, named here, and its domain in domains.yaml.
_SUBJECTS = (
    arithmetic, word_problems, geography, science, language, editing, stories, writing, coding, constraints, chat,
)  # fmt: skip

TASKS: list[Task] = [task for subject in _SUBJECTS for task in subject.TASKS]
TASK_BY_NAME: dict[str, Task] = {task.name: task for task in TASKS}
FOLLOW_UPS: list[FollowUp] = [f for subject in (*_SUBJECTS, follow_ups) for f in subject.FOLLOW_UPS]
DOMAIN_PROMPTS: dict[str, str] = {domain: prompts[0] for domain, prompts in SYSTEM_PROMPTS.items()}
LONGEST_QUERY = 500
"""Characters. No question of the curriculum is longer, and a hostile one must not keep the patterns busy."""
_TASKS_OF = {domain: [task for task in TASKS if task.domain == domain] for domain in DOMAINS}
# Read the most particular questions first; `general` and `talk` are whole sentences and only look up a table.
_READING_ORDER = sorted(TASKS, key=lambda task: not task.name.startswith("constraint_"))


def draw_domain(rng: Random) -> str:
    return rng.choices(DOMAINS, [DOMAIN_SHARE[domain] for domain in DOMAINS])[0]


def draw(rng: Random, domain: str | None = None) -> Item:
    """A question of the curriculum with a right answer."""
    tasks = _TASKS_OF[domain or draw_domain(rng)]
    return rng.choices(tasks, [task.weight for task in tasks])[0].make(rng)


def draw_follow_up(rng: Random, history: Sequence[Item]) -> Item | None:
    """Something the user may say next about the last turn, or about the one before if nothing fits the last."""
    for before in reversed(history[-2:]):
        fitting = [follow_up for follow_up in FOLLOW_UPS if follow_up.fits(before)]
        if fitting:
            return rng.choices(fitting, [follow_up.weight for follow_up in fitting])[0].make(before, rng)
    return None


def understood(query: str, answer: str = "") -> Item | None:
    """The question as an item of the curriculum, with the answer that was given to it."""
    if len(query) > LONGEST_QUERY:
        return None
    for reading in readings(query):
        for task in _READING_ORDER:
            slots = task.parse(reading)
            if slots:
                return Item(task.name, task.domain, query, answer, slots)
    return None


def verify(query: str, answer: str) -> tuple[str | None, bool | None]:
    """The task a lone question belongs to and whether the answer is right; (None, None) off the curriculum."""
    item = understood(query)
    return (item.task, TASK_BY_NAME[item.task].judge(item.slots, answer)) if item else (None, None)


def followed(history: Sequence[Item], query: str) -> tuple[FollowUp, Item] | None:
    """The follow-up that a query is, after these turns."""
    if len(query) > LONGEST_QUERY:
        return None
    for before in reversed(history[-2:]):
        for reading in readings(query):
            for follow_up in FOLLOW_UPS:
                slots = follow_up.parse(before, reading)
                if slots is not None:
                    return follow_up, Item(follow_up.task.name, follow_up.task.domain, query, "", slots)
    return None


def belongs(history: Sequence[Item], query: str) -> bool:
    """Whether a query goes on with the talk: a follow-up, a question of the same domain, any after a greeting."""
    if followed(history, query):
        return True
    item, last = understood(query), history[-1]
    greeted = last.task == "talk" and last.slots["said"] in (*chat.OPENINGS, *follow_ups.THANKS)
    return item is not None and (greeted or item.domain in {before.domain for before in history})


def judged_turns(messages: Sequence[Message]) -> list[tuple[Item | None, bool | None]]:
    """Each question of a conversation as it was understood, with the verdict on its answer."""
    talk = [message for message in messages if message["role"] != "system"]
    history: list[Item] = []
    judged: list[tuple[Item | None, bool | None]] = []
    for asked, said in zip(talk[::2], talk[1::2], strict=False):
        query, answer = asked["content"], said["content"]
        follow_up = followed(history, query)
        item = follow_up[1] if follow_up else understood(query)
        task = follow_up[0].task if follow_up else TASK_BY_NAME.get(item.task if item else "")
        if item is None or task is None:
            judged.append((None, None))
            continue
        judged.append((item, task.judge(item.slots, answer)))
        history.append(Item(item.task, item.domain, query, answer, item.slots))
    return judged


def verify_conversation(messages: Sequence[Message]) -> tuple[str | None, bool | None]:
    """The task of the first question, and whether every answer is right.

    False as soon as one answer is wrong; None when a question is off the curriculum and no answer is wrong.
    """
    judged = judged_turns(messages)
    if not judged:
        return None, None
    first = judged[0][0]
    verdicts = [verdict for _, verdict in judged]
    verdict = False if False in verdicts else None if None in verdicts else True
    return (first.task if first else None), verdict
