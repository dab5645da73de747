"""Constraints: a question of fact with an exact format for its answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from smoltalk.nano import geography, language, science
from smoltalk.nano.task import Item, Slots, Task, onward, unasked
from smoltalk.nano.wording import capitalized, contains

DOMAIN = "constraints"
# Answers that are a sentence of their own do not fit into the formats below.
FACT_TASKS = [t for t in geography.TASKS + science.TASKS + language.TASKS if t.short and t.name != "meaning"]
_BY_NAME = {task.name: task for task in FACT_TASKS}
# Kinds of fact that are common enough to be known without the sentence around them.
_BRIEF = ("capital", "continent", "currency", "color", "opposite", "following", "preceding", "general")


@dataclass(frozen=True)
class Constraint:
    """`shape` writes an answer from its full sentence and from its short form; `holds` reads any answer."""

    name: str
    phrase: str
    shape: Callable[[str, str], str]
    holds: Callable[[str], bool]


CONSTRAINTS = [
    Constraint("uppercase", "Answer in uppercase.", lambda full, short: short.upper() + ".", str.isupper),
    Constraint("lowercase", "Answer in lowercase.", lambda full, short: full.lower(), str.islower),
    Constraint(
        "one_word", "Answer in one word.", lambda full, short: capitalized(short) + ".", lambda a: len(a.split()) == 1
    ),
    Constraint(
        "sure", "Start with the word Sure.", lambda full, short: f"Sure! {full}", lambda a: a.startswith("Sure")
    ),
    Constraint("done", "End with the word Done.", lambda full, short: f"{full} Done.", lambda a: a.endswith("Done.")),
    Constraint(
        "exclamation",
        "End with an exclamation mark.",
        lambda full, short: full.rstrip(".") + "!",
        lambda a: a.endswith("!"),
    ),
    Constraint(
        "quotes",
        "Put the answer in quotes.",
        lambda full, short: f'"{full}"',
        lambda a: re.fullmatch(r'".+"', a) is not None,
    ),
    Constraint(
        "brackets",
        "Put the answer in brackets.",
        lambda full, short: f"[{full}]",
        lambda a: re.fullmatch(r"\[.+\]", a) is not None,
    ),
    Constraint(
        "json",
        "Answer as JSON with the key answer.",
        lambda full, short: f'{{"answer": "{full}"}}',
        lambda a: re.fullmatch(r'\{"answer": "[^"]+"\}', a) is not None,
    ),
    Constraint("bullet", "Answer as a bullet point.", lambda full, short: f"- {full}", lambda a: a.startswith("- ")),
]


def fact(query: str) -> tuple[Task, Slots] | None:
    for task in FACT_TASKS:
        slots = task.parse(query)
        if slots:
            return task, slots
    return None


def short_answer(item: Item) -> str | None:
    """The answer to a question of fact in a word or two."""
    task = _BY_NAME.get(item.task)
    return task.short(item.slots) if task and task.short else None


def _parts(slots: Slots, rng: Random) -> tuple[str, str]:
    found = fact(slots["query"])
    assert found and found[0].short
    return found[0].answer(found[1], rng), found[0].short(found[1])


def _task(constraint: Constraint) -> Task:
    brief = constraint.name in ("one_word", "uppercase")
    bases = [task for task in FACT_TASKS if task.name in _BRIEF or not brief]

    def draw(rng: Random) -> Slots:
        while True:
            base = rng.choices(bases, [task.weight for task in bases])[0]
            item = base.make(rng)
            if constraint.name != "one_word" or " " not in (short_answer(item) or ""):
                return {"query": item.query}

    def judge(slots: Slots, answer: str) -> bool:
        _, short = _parts(slots, Random(0))
        return constraint.holds(answer.strip()) and contains(answer, short) and len(answer.split()) < 20

    return Task(
        name=f"constraint_{constraint.name}",
        domain=DOMAIN,
        questions=(f"{{query}} {constraint.phrase}",),
        draw=draw,
        answer=lambda slots, rng: constraint.shape(*_parts(slots, rng)),
        judge=judge,
        known=lambda slots: fact(slots["query"]) is not None,
        intent="get an answer in an exact format",
        level="hard",
        weight=2 if brief else 1,
    )


def _plain_is_right(slots: Slots, answer: str) -> bool:
    found = fact(slots["query"])
    return found is not None and found[0].judge(found[1], answer)


plainly = unasked("plainly", DOMAIN, "get a plain answer", lambda slots, rng: _parts(slots, rng)[0], _plain_is_right)

TASKS = [_task(constraint) for constraint in CONSTRAINTS]
FOLLOW_UPS = [onward(plainly, "Now answer normally.", of=tuple(TASKS), weight=2)]
