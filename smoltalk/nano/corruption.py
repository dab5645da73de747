"""Wrong answers that look like right ones, each refused by the task's own verifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from smoltalk.nano.constraints import fact
from smoltalk.nano.curriculum import FOLLOW_UPS, TASKS, draw
from smoltalk.nano.task import Item, Task
from smoltalk.nano.wording import numbers

_TASK_OF: dict[str, Task] = {task.name: task for task in [*TASKS, *(f.task for f in FOLLOW_UPS)]}
Damage = Callable[[Random, Item, Sequence[Item]], str]


def _other_of_task(rng: Random, item: Item, history: Sequence[Item]) -> str:
    """The right answer to another question of the same kind, about the thing that was asked for."""
    task = _TASK_OF[item.task]
    slots = task.draw(rng)
    if not slots:
        return _from_elsewhere(rng, item, history)
    answer = task.answer(slots, rng)
    if "key" in slots and rng.random() < 0.7:
        answer = answer.replace(slots["key"], item.slots["key"])
    return answer


def _from_elsewhere(rng: Random, item: Item, history: Sequence[Item]) -> str:
    return draw(rng).answer


def _number_changed(rng: Random, item: Item, history: Sequence[Item]) -> str:
    found = numbers(item.answer)
    if not found:
        return _words_shuffled(rng, item, history)
    number = rng.choice(found)
    return item.answer.replace(str(number), str(abs(number + rng.choice((-10, -2, -1, 1, 2, 10)))))


def _cut_off(rng: Random, item: Item, history: Sequence[Item]) -> str:
    words = item.answer.split(" ")
    return " ".join(words[: max(1, len(words) // 2)])


def _words_shuffled(rng: Random, item: Item, history: Sequence[Item]) -> str:
    words = item.answer.split()
    rng.shuffle(words)
    return " ".join(words)


def _format_ignored(rng: Random, item: Item, history: Sequence[Item]) -> str:
    """Right in content, but as if the constraint or the follow-up had not been heard."""
    found = fact(item.slots.get("query", ""))
    if found:
        return found[0].answer(found[1], rng)
    return history[-1].answer if history else _other_of_task(rng, item, history)


_DAMAGES: list[tuple[Damage, float]] = [
    (_other_of_task, 5),
    (_from_elsewhere, 1.5),
    (_number_changed, 2),
    (_cut_off, 0.8),
    (_words_shuffled, 0.7),
    (_format_ignored, 2),
]


def corrupted(rng: Random, item: Item, history: Sequence[Item] = ()) -> str | None:
    """A wrong answer to the item, asked after `history`; None when no damage made it wrong."""
    task = _TASK_OF[item.task]
    for _ in range(20):
        damage = rng.choices([d for d, _ in _DAMAGES], [weight for _, weight in _DAMAGES])[0]
        answer = damage(rng, item, history).strip()
        if answer and answer != item.answer and not task.judge(item.slots, answer):
            return answer
    return None
