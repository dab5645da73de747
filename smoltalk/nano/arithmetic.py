"""Math, part one: sums, comparisons, patterns and units."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from smoltalk.nano.task import FollowUp, Item, Slots, Task, after, again, exactly, onward, unasked
from smoltalk.nano.wording import equations_hold, last_number, numbers
from smoltalk.nano.world import UNITS

DOMAIN = "math"


def value(slots: Slots, name: str) -> int:
    return int(slots[name])


def drawn(**ranges: tuple[int, int]) -> Callable[[Random], Slots]:
    return lambda rng: {name: str(rng.randint(low, high)) for name, (low, high) in ranges.items()}


def ends_in(result: Callable[[Slots], int]) -> Callable[[Slots, str], bool]:
    """An answer is right when its last number is the result and every equation on the way holds."""
    return lambda slots, answer: last_number(answer) == result(slots) and equations_hold(answer)


def within(limit: int) -> Callable[[Slots], bool]:
    return lambda slots: all(0 <= int(number) <= limit for number in slots.values() if number.isdigit())


def _draw_difference(rng: Random) -> Slots:
    a = rng.randint(2, 40)
    return {"a": str(a), "b": str(rng.randint(1, min(a, 20)))}


def _draw_two(rng: Random) -> Slots:
    a, b = rng.sample(range(1, 60), 2)
    return {"a": str(a), "b": str(b)}


def _draw_pattern(rng: Random) -> Slots:
    start, step = rng.randint(1, 20), rng.choice((1, 2, 3, 5, 10))
    return {name: str(start + step * i) for i, name in enumerate("abcd")}


def _even_step(slots: Slots) -> bool:
    a, b, c, d = (value(slots, name) for name in "abcd")
    return b - a == c - b == d - c > 0


def _draw_units(rng: Random) -> Slots:
    (big, small), count = rng.choice(list(UNITS.items()))
    return {"a": str(rng.randint(2, 10 if count in (7, 12, 24, 60) else 20)), "big": big, "small": small}


def _converted(slots: Slots) -> int:
    return value(slots, "a") * UNITS[slots["big"], slots["small"]]


def _parity(slots: Slots) -> str:
    return "odd" if value(slots, "a") % 2 else "even"


def _parity_reason(slots: Slots) -> str:
    return f"Because {slots['a']} can{'not' if value(slots, 'a') % 2 else ''} be divided by 2."


plus = Task(
    name="plus",
    domain=DOMAIN,
    questions=("What is {a} + {b}?", "Calculate {a} + {b}.", "What is {a} plus {b}?", "How much is {a} plus {b}?"),
    draw=drawn(a=(1, 30), b=(1, 20)),
    answer=lambda slots, rng: f"{slots['a']} + {slots['b']} = {value(slots, 'a') + value(slots, 'b')}.",
    judge=ends_in(lambda slots: value(slots, "a") + value(slots, "b")),
    known=within(999),
    intent="add two numbers",
    level="very easy",
    weight=2.2,
)
minus = Task(
    name="minus",
    domain=DOMAIN,
    questions=("What is {a} - {b}?", "Calculate {a} - {b}.", "What is {a} minus {b}?", "How much is {a} minus {b}?"),
    draw=_draw_difference,
    answer=lambda slots, rng: f"{slots['a']} - {slots['b']} = {value(slots, 'a') - value(slots, 'b')}.",
    judge=ends_in(lambda slots: value(slots, "a") - value(slots, "b")),
    known=lambda slots: 999 >= value(slots, "a") >= value(slots, "b"),
    intent="subtract two numbers",
    level="very easy",
    weight=2.2,
)
times = Task(
    name="times",
    domain=DOMAIN,
    questions=("What is {a} x {b}?", "Calculate {a} x {b}.", "What is {a} times {b}?", "How much is {a} times {b}?"),
    draw=drawn(a=(2, 12), b=(2, 10)),
    answer=lambda slots, rng: f"{slots['a']} x {slots['b']} = {value(slots, 'a') * value(slots, 'b')}.",
    judge=ends_in(lambda slots: value(slots, "a") * value(slots, "b")),
    known=within(99),
    intent="multiply two numbers",
    weight=1.6,
)
double = Task(
    name="double",
    domain=DOMAIN,
    questions=("What is double {a}?", "What is twice {a}?"),
    draw=drawn(a=(1, 30)),
    answer=lambda slots, rng: f"Double {slots['a']} is {2 * value(slots, 'a')}.",
    judge=ends_in(lambda slots: 2 * value(slots, "a")),
    known=within(200),
    intent="double a number",
    level="very easy",
    weight=0.6,
)
half = Task(
    name="half",
    domain=DOMAIN,
    questions=("What is half of {a}?", "Divide {a} by 2."),
    draw=lambda rng: {"a": str(2 * rng.randint(1, 30))},
    answer=lambda slots, rng: f"Half of {slots['a']} is {value(slots, 'a') // 2}.",
    judge=ends_in(lambda slots: value(slots, "a") // 2),
    known=lambda slots: value(slots, "a") % 2 == 0,
    intent="halve a number",
    level="very easy",
    weight=0.6,
)
parity = Task(
    name="parity",
    domain=DOMAIN,
    questions=("Is {a} even or odd?", "Is the number {a} even or odd?"),
    draw=drawn(a=(1, 60)),
    answer=lambda slots, rng: f"{slots['a']} is {_parity(slots)}.",
    judge=lambda slots, answer: answer.strip(" .") == f"{slots['a']} is {_parity(slots)}",
    known=within(9999),
    intent="tell even from odd",
    level="very easy",
    weight=0.7,
)
larger = Task(
    name="larger",
    domain=DOMAIN,
    questions=("Which number is larger, {a} or {b}?", "Which is bigger, {a} or {b}?"),
    draw=_draw_two,
    answer=lambda slots, rng: f"{max(map(int, slots.values()))} is larger than {min(map(int, slots.values()))}.",
    judge=lambda slots, answer: numbers(answer) == sorted((value(slots, "a"), value(slots, "b")), reverse=True),
    known=lambda slots: value(slots, "a") != value(slots, "b"),
    intent="compare two numbers",
    level="very easy",
    weight=0.8,
)
sequence = Task(
    name="sequence",
    domain=DOMAIN,
    questions=("What comes next: {a}, {b}, {c}, {d}?", "Continue the pattern: {a}, {b}, {c}, {d}."),
    draw=_draw_pattern,
    answer=lambda slots, rng: f"The next number is {2 * value(slots, 'd') - value(slots, 'c')}.",
    judge=ends_in(lambda slots: 2 * value(slots, "d") - value(slots, "c")),
    known=_even_step,
    intent="continue a pattern",
    level="medium",
    weight=0.8,
)
convert = Task(
    name="convert",
    domain=DOMAIN,
    questions=("Convert {a} {big} to {small}.", "How many {small} are in {a} {big}?"),
    draw=_draw_units,
    answer=lambda slots, rng: f"{slots['a']} {slots['big']} is {_converted(slots)} {slots['small']}.",
    judge=ends_in(_converted),
    known=lambda slots: (slots["big"], slots["small"]) in UNITS,
    intent="convert a unit",
    level="medium",
    weight=2.0,
)
parity_reason = unasked("parity_reason", DOMAIN, "learn the reason", **exactly(_parity_reason))

TASKS = [plus, minus, times, double, half, parity, larger, sequence, convert]


def _result(before: Item) -> int:
    return last_number(before.answer) or 0


def on_result(task: Task, *questions: str, of: tuple[Task, ...], limit: int, weight: float) -> FollowUp:
    """A task on the number just found: {a} is the result, {b}, if any, is drawn anew."""

    def draw(before: Item, rng: Random) -> Slots:
        return {"b": str(rng.randint(1, min(15, _result(before))))} if "{b}" in questions[0] else {}

    def fits(before: Item) -> bool:
        return after(*of)(before) and 0 < _result(before) <= limit

    return FollowUp(task, questions, fits, draw, lambda before, slots: {"a": str(_result(before)), **slots}, weight)


_SUMS = (plus, minus, times, double, half)
FOLLOW_UPS = [
    on_result(plus, "Add {b} to that.", "Now add {b}.", of=(*_SUMS, sequence), limit=60, weight=2),
    on_result(minus, "Subtract {b} from that.", "Now take away {b}.", of=_SUMS, limit=60, weight=2),
    on_result(double, "Double that.", of=_SUMS, limit=30, weight=1),
    on_result(parity, "Is that even or odd?", of=_SUMS, limit=60, weight=1.5),
    again(plus, "And {a} + {b}?", weight=1.5),
    again(minus, "And {a} - {b}?", weight=1.5),
    again(times, "And {a} x {b}?", weight=1.5),
    again(parity, "And {a}?"),
    again(larger, "And {a} or {b}?"),
    onward(parity_reason, "Why?", of=(parity,), weight=1.5),
    again(convert, "And {a} {big} to {small}?", weight=2),
    again(half, "And half of {a}?"),
    again(double, "And double {a}?"),
    again(sequence, "And after {a}, {b}, {c}, {d}?"),
]
