"""Math, part two: sums told as a short story, answered step by step."""

from __future__ import annotations

from random import Random

from smoltalk.nano.arithmetic import DOMAIN, ends_in, minus, on_result, plus, value
from smoltalk.nano.task import FollowUp, Slots, Task, unasked
from smoltalk.nano.wording import last_number
from smoltalk.nano.world import GOODS, NAMES, THINGS


def _story(rng: Random, a: int, b: int) -> Slots:
    return {"name": rng.choice(NAMES), "things": rng.choice(THINGS), "a": str(a), "b": str(b)}


def _draw_gain(rng: Random) -> Slots:
    return _story(rng, rng.randint(2, 30), rng.randint(2, 20))


def _draw_loss(rng: Random) -> Slots:
    a = rng.randint(3, 40)
    return _story(rng, a, rng.randint(2, min(a - 1, 20)))


def _draw_groups(rng: Random) -> Slots:
    return _story(rng, rng.randint(2, 12), rng.randint(2, 10))


def _draw_price(rng: Random) -> Slots:
    return {"name": rng.choice(NAMES), "good": rng.choice(GOODS)} | {
        "a": str(rng.randint(2, 12)),
        "b": str(rng.randint(2, 10)),
    }


def _draw_two_steps(rng: Random) -> Slots:
    a, b = rng.randint(3, 20), rng.randint(2, 10)
    return {**_story(rng, a, b), "c": str(rng.randint(1, min(a + b - 1, 10)))}


def _told(slots: Slots) -> bool:
    """Names and things nano has met, and no number larger than it can count."""
    return (
        slots.get("name", NAMES[0]) in NAMES
        and slots.get("things", THINGS[0]) in THINGS
        and slots.get("good", GOODS[0]) in GOODS
        and all(0 < value(slots, name) < 100 for name in "abc" if name in slots)
    )


def _sum(slots: Slots) -> str:
    return f"{slots['a']} + {slots['b']} = {value(slots, 'a') + value(slots, 'b')}"


def _difference(slots: Slots) -> str:
    return f"{slots['a']} - {slots['b']} = {value(slots, 'a') - value(slots, 'b')}"


def _product(slots: Slots) -> str:
    return f"{slots['a']} x {slots['b']} = {value(slots, 'a') * value(slots, 'b')}"


def _left(slots: Slots) -> int:
    return value(slots, "a") + value(slots, "b") - value(slots, "c")


def _steps(slots: Slots) -> str:
    first = value(slots, "a") + value(slots, "b")
    return f"First we add: {_sum(slots)}. Then we subtract: {first} - {slots['c']} = {_left(slots)}."


gain = Task(
    name="gain",
    domain=DOMAIN,
    questions=(
        "{name} has {a} {things} and buys {b} more. How many {things} does {name} have now?",
        "{name} has {a} {things}. A friend brings {b} more. How many {things} are there now?",
        "There are {a} {things} on the table. {name} adds {b} more. How many {things} are on the table now?",
    ),
    draw=_draw_gain,
    answer=lambda slots, rng: f"We add: {_sum(slots)}. The answer is {value(slots, 'a') + value(slots, 'b')}.",
    judge=ends_in(lambda slots: value(slots, "a") + value(slots, "b")),
    known=_told,
    intent="solve a word problem",
    level="medium",
    weight=2.5,
)
loss = Task(
    name="loss",
    domain=DOMAIN,
    questions=(
        "{name} has {a} {things} and gives away {b}. How many {things} are left?",
        "{name} had {a} {things} but lost {b} of them. How many {things} does {name} still have?",
        "There are {a} {things} in a box. {name} takes out {b}. How many {things} are left in the box?",
    ),
    draw=_draw_loss,
    answer=lambda slots, rng: f"We subtract: {_difference(slots)}. The answer is {last_number(_difference(slots))}.",
    judge=ends_in(lambda slots: value(slots, "a") - value(slots, "b")),
    known=lambda slots: _told(slots) and value(slots, "a") >= value(slots, "b"),
    intent="solve a word problem",
    level="medium",
    weight=2.5,
)
groups = Task(
    name="groups",
    domain=DOMAIN,
    questions=(
        "There are {a} boxes with {b} {things} in each box. How many {things} are there in total?",
        "{name} has {a} bags. Each bag holds {b} {things}. How many {things} does {name} have?",
    ),
    draw=_draw_groups,
    answer=lambda slots, rng: f"We multiply: {_product(slots)}. The answer is {last_number(_product(slots))}.",
    judge=ends_in(lambda slots: value(slots, "a") * value(slots, "b")),
    known=_told,
    intent="solve a word problem",
    level="medium",
    weight=1.6,
)
price = Task(
    name="price",
    domain=DOMAIN,
    questions=(
        "One {good} costs ${b}. How much do {a} of them cost?",
        "One {good} costs ${b}. {name} buys {a}. How much does {name} pay?",
    ),
    draw=_draw_price,
    answer=lambda slots, rng: f"We multiply: {_product(slots)}. The total is ${last_number(_product(slots))}.",
    judge=ends_in(lambda slots: value(slots, "a") * value(slots, "b")),
    known=_told,
    intent="work out a price",
    level="medium",
    weight=1.4,
)
two_steps = Task(
    name="two_steps",
    domain=DOMAIN,
    questions=(
        "{name} has {a} {things}, finds {b} more and then gives {c} to a friend. How many {things} are left?",
        "{name} picks {a} {things} in the morning and {b} in the afternoon, then sells {c}. How many are left?",
    ),
    draw=_draw_two_steps,
    answer=lambda slots, rng: f"{_steps(slots)} The answer is {_left(slots)}.",
    judge=ends_in(_left),
    known=lambda slots: _told(slots) and _left(slots) >= 0,
    intent="solve a word problem with two steps",
    level="hard",
    weight=1.8,
)
reason = unasked(
    "reason",
    DOMAIN,
    "learn the reason",
    lambda slots, rng: f"Because {slots['equation']}.",
    lambda slots, answer: answer.strip(" .") == f"Because {slots['equation']}",
)

TASKS = [gain, loss, groups, price, two_steps]
_EQUATIONS = {"gain": _sum, "loss": _difference, "groups": _product, "price": _product}
_COUNTS = (gain, loss, groups, two_steps)
FOLLOW_UPS = [
    FollowUp(
        reason,
        ("Why?", "How do you know?"),
        fits=lambda before: before.task in _EQUATIONS,
        draw=lambda before, rng: {},
        resolve=lambda before, slots: {"equation": _EQUATIONS[before.task](before.slots)},
        weight=2,
    ),
    on_result(plus, "And with {b} more?", of=_COUNTS, limit=60, weight=1.5),
    on_result(minus, "And with {b} fewer?", of=_COUNTS, limit=60, weight=1.5),
]
