"""Editing, part two: stories to summarize and to answer questions about."""

from __future__ import annotations

import re
from random import Random

from smoltalk.nano.editing import one_of, rewriting
from smoltalk.nano.task import FollowUp, Item, Slots, Task
from smoltalk.nano.world import DAYS, DEEDS, FEELINGS, NAMES, PLACES, WOMEN

_STORY = re.compile(
    rf"On (?:{one_of(DAYS)}), (?P<name>{one_of(NAMES)}) went to (?P<place>{one_of(PLACES)})\. "
    rf"(?:She|He) (?P<deed>{one_of(DEEDS)}) there and felt (?P<feeling>{one_of(FEELINGS)}) all evening\."
)


def _draw_story(rng: Random) -> Slots:
    name = rng.choice(NAMES)
    who = "She" if name in WOMEN else "He"
    opening = f"On {rng.choice(DAYS)}, {name} went to {rng.choice(PLACES)}."
    return {"text": f"{opening} {who} {rng.choice(DEEDS)} there and felt {rng.choice(FEELINGS)} all evening."}


def _draw_named_story(rng: Random) -> Slots:
    story = _draw_story(rng)
    return {**story, "name": _of_story(story, "name")}


def _of_story(slots: Slots, part: str) -> str:
    match = _STORY.fullmatch(slots["text"])
    assert match
    return match[part]


def _is_story(slots: Slots) -> bool:
    match = _STORY.fullmatch(slots["text"])
    return match is not None and slots.get("name", match["name"]) == match["name"]


summarize = rewriting(
    "summarize",
    ("Summarize this story in one sentence: {text}", "Give me a one sentence summary: {text}"),
    _draw_story,
    lambda slots: f"{_of_story(slots, 'name')} {_of_story(slots, 'deed')} at {_of_story(slots, 'place')}.",
    _is_story,
    weight=2,
    intent="summarize a story",
)
story_feeling = rewriting(
    "story_feeling",
    ("Read the story and answer: {text} How did {name} feel?",),
    _draw_named_story,
    lambda slots: f"{_of_story(slots, 'name')} felt {_of_story(slots, 'feeling')}.",
    _is_story,
    weight=0.8,
    intent="answer a question about a story",
)
story_place = rewriting(
    "story_place",
    ("Read the story and answer: {text} Where did {name} go?",),
    _draw_named_story,
    lambda slots: f"{_of_story(slots, 'name')} went to {_of_story(slots, 'place')}.",
    _is_story,
    weight=0.8,
    intent="answer a question about a story",
)
TASKS = [summarize, story_feeling, story_place]


def _asking(task: Task, question: str) -> FollowUp:
    """A question about the story of the turn before, naming its person."""

    def named(before: Item, rng: Random) -> Slots:
        return {"name": _of_story(before.slots, "name")}

    def fits(before: Item) -> bool:
        return before.task in ("summarize", "story_feeling", "story_place") and before.task != task.name

    return FollowUp(task, (question,), fits, named, lambda before, slots: {**before.slots, **slots}, weight=2)


FOLLOW_UPS = [_asking(story_feeling, "How did {name} feel?"), _asking(story_place, "Where did {name} go?")]
