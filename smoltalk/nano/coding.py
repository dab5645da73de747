"""Coding: one-line Python functions, what they return and how they are called."""

from __future__ import annotations

from random import Random

from smoltalk.nano.task import Slots, Task, again, exactly, onward, unasked
from smoltalk.nano.world import PROGRAMS

DOMAIN = "coding"


def _source(slots: Slots) -> str:
    name, parameters, expression, _, _ = PROGRAMS[slots["what"]]
    return f"```python\ndef {name}({parameters}):\n    return {expression}\n```"


def _example(slots: Slots) -> str:
    _, _, _, call, result = PROGRAMS[slots["what"]]
    return f"`{call}` returns `{result}`."


def _named(slots: Slots) -> str:
    return f"The function is called `{PROGRAMS[slots['what']][0]}`."


def _expression(slots: Slots) -> str:
    _, parameters, expression, _, _ = PROGRAMS[slots["what"]]
    return f"`lambda {parameters}: {expression}`"


def _draw(rng: Random) -> Slots:
    return {"what": rng.choice(list(PROGRAMS))}


def _known(slots: Slots) -> bool:
    return slots["what"] in PROGRAMS


program = Task(
    name="program",
    domain=DOMAIN,
    questions=(
        "Write a Python function that {what}.",
        "Give me a Python function that {what}.",
        "How do I write a function in Python that {what}?",
    ),
    draw=_draw,
    **exactly(_source),
    known=_known,
    intent="get a Python function",
    level="hard",
    weight=2,
)
shorthand = Task(
    name="shorthand",
    domain=DOMAIN,
    questions=("Write a Python lambda that {what}.",),
    draw=_draw,
    **exactly(_expression),
    known=_known,
    intent="get a Python lambda",
    level="hard",
    weight=0.7,
)
example = unasked("example", DOMAIN, "see how a function is used", **exactly(_example))
name = unasked("name", DOMAIN, "learn the name of a function", **exactly(_named))

TASKS = [program, shorthand]
FOLLOW_UPS = [
    onward(example, "Show me an example.", "How do I use it?", of=(program,), weight=2),
    onward(name, "What is the function called?", of=(program,)),
    onward(shorthand, "Can you write it as a lambda?", of=(program,)),
    onward(program, "Can you write it as a function?", of=(shorthand,)),
    again(program, "And one that {what}?", weight=1.5),
    again(shorthand, "And one that {what}?"),
]
