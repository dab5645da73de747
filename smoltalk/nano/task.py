"""A task draws a question, answers it and judges an answer; a follow-up asks a task with half of it left unsaid."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TypedDict

from smoltalk.nano.wording import capitalized, same

Slots = dict[str, str]
Draw = Callable[[Random], Slots]
Answer = Callable[[Slots, Random], str]
Judge = Callable[[Slots, str], bool]

LEVELS = ("very easy", "easy", "medium", "hard", "very hard")


@dataclass(frozen=True)
class Item:
    """One question with an answer, and what was asked: the task and the values in its question."""

    task: str
    domain: str
    query: str
    answer: str
    slots: Slots


def pattern(question: str) -> re.Pattern[str]:
    """`What is {a} + {b}?` as a pattern. One-letter slots are numbers; a second mention must repeat the first."""
    seen: set[str] = set()
    parts: list[str] = []
    for part in re.split(r"(\{\w+\})", question):
        name = part[1:-1]
        if not part.startswith("{"):
            parts.append(re.escape(part))
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            seen.add(name)
            parts.append(rf"(?P<{name}>\d{{1,4}})" if len(name) == 1 else f"(?P<{name}>.+?)")
    return re.compile("".join(parts), re.S)


def read(patterns: list[re.Pattern[str]], query: str) -> list[Slots]:
    """Every way in which one of the patterns reads the whole query."""
    return [match.groupdict() for match in (p.fullmatch(query) for p in patterns) if match]


@dataclass(frozen=True, eq=False)
class Task:
    """`known` says whether slots read from a question are ones the task can answer; `short` is the answer in a word."""

    name: str
    domain: str
    questions: tuple[str, ...]
    draw: Draw
    answer: Answer
    judge: Judge
    known: Callable[[Slots], bool]
    intent: str
    level: str = "easy"
    weight: float = 1.0
    short: Callable[[Slots], str] | None = None

    @cached_property
    def patterns(self) -> list[re.Pattern[str]]:
        return [pattern(question) for question in self.questions]

    def make(self, rng: Random) -> Item:
        slots = self.draw(rng)
        query = rng.choice(self.questions).format(**slots)
        return Item(self.name, self.domain, query, self.answer(slots, rng), slots)

    def parse(self, query: str) -> Slots | None:
        return next((slots for slots in read(self.patterns, query) if self.known(slots)), None)


@dataclass(frozen=True, eq=False)
class FollowUp:
    """`resolve` completes the slots of the question with what the turn before already said."""

    task: Task
    questions: tuple[str, ...]
    fits: Callable[[Item], bool]
    draw: Callable[[Item, Random], Slots]
    resolve: Callable[[Item, Slots], Slots]
    weight: float = 1.0

    @cached_property
    def patterns(self) -> list[re.Pattern[str]]:
        return [pattern(question) for question in self.questions]

    def make(self, before: Item, rng: Random) -> Item:
        named = self.draw(before, rng)
        slots = self.resolve(before, named)
        query = rng.choice(self.questions).format(**named)
        return Item(self.task.name, self.task.domain, query, self.task.answer(slots, rng), slots)

    def parse(self, before: Item, query: str) -> Slots | None:
        if not self.fits(before):
            return None
        for named in read(self.patterns, query):
            slots = self.resolve(before, named)
            if self.task.known(slots):
                return slots
        return None


def lookup(
    name: str,
    domain: str,
    table: Mapping[str, str],
    questions: tuple[str, ...],
    answers: tuple[str, ...],
    intent: str,
    level: str = "easy",
    weight: float = 1.0,
) -> Task:
    """A task whose answer stands in a table under {key}; only the listed wordings of the answer are right."""
    keys = list(table)

    def wordings(slots: Slots) -> list[str]:
        key, value = slots["key"], table[slots["key"]]
        return [a.format(key=key, Key=capitalized(key), value=value, Value=capitalized(value)) for a in answers]

    return Task(
        name=name,
        domain=domain,
        questions=questions,
        draw=lambda rng: {"key": rng.choice(keys)},
        answer=lambda slots, rng: rng.choice(wordings(slots)),
        judge=lambda slots, answer: any(same(answer, wording) for wording in wordings(slots)),
        known=lambda slots: slots["key"] in table,
        intent=intent,
        level=level,
        weight=weight,
        short=lambda slots: table[slots["key"]],
    )


class Right(TypedDict):
    """What a task with one right answer takes: `Task(..., **exactly(told))`."""

    answer: Answer
    judge: Judge


def exactly(told: Callable[[Slots], str]) -> Right:
    """The one right answer, and nothing else."""
    return Right(answer=lambda slots, rng: told(slots), judge=lambda slots, answer: answer.strip() == told(slots))


def in_effect(told: Callable[[Slots], str]) -> Right:
    """The one right answer, as `same` compares."""
    return Right(answer=lambda slots, rng: told(slots), judge=lambda slots, answer: same(answer, told(slots)))


def unasked(name: str, domain: str, intent: str, answer: Answer, judge: Judge) -> Task:
    """A task that makes sense only as a follow-up."""
    return Task(name, domain, (), lambda rng: {}, answer, judge, lambda slots: True, intent)


def again(task: Task, *questions: str, weight: float = 1.0) -> FollowUp:
    """The same task once more, with other values."""

    def draw(before: Item, rng: Random) -> Slots:
        for _ in range(20):
            slots = task.draw(rng)
            if slots != before.slots:
                break
        return slots

    return FollowUp(task, questions, after(task), draw, lambda before, slots: slots, weight)


def onward(task: Task, *questions: str, of: tuple[Task, ...], weight: float = 1.0) -> FollowUp:
    """Another task about the same thing: the slots are those of the turn before."""

    def fits(before: Item) -> bool:
        return after(*of)(before) and task.known(before.slots)

    return FollowUp(task, questions, fits, lambda before, rng: {}, lambda before, slots: before.slots, weight)


def after(*tasks: Task) -> Callable[[Item], bool]:
    names = {task.name for task in tasks}
    return lambda before: before.task in names
