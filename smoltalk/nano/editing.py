"""Editing: tone, brevity, grammar, letter case and summaries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from smoltalk.nano.task import FollowUp, Item, Slots, Task, onward, unasked
from smoltalk.nano.world import (
    ACTIONS,
    CASUAL,
    DAYS,
    DEEDS,
    FEELINGS,
    GRAMMAR,
    NAMES,
    PEOPLE,
    PLACES,
    REQUESTS,
    TOPICS,
    WOMEN,
    WORDY,
)

DOMAIN = "editing"


def _request(rng: Random) -> Slots:
    parts = (rng.choice(REQUESTS[part]) for part in ("verbs", "objects", "times"))
    return {"text": " ".join(part for part in parts if part).capitalize().replace("monday", "Monday") + "."}


def _one_of(options: list[str]) -> str:
    return "|".join(re.escape(option) for option in options)


_REQUEST = re.compile(
    f"({_one_of(REQUESTS['verbs'])}) ({_one_of(REQUESTS['objects'])})( ({_one_of(REQUESTS['times'][1:])}))?[.]", re.I
)
_STORY = re.compile(
    rf"On (?:{_one_of(DAYS)}), (?P<name>{_one_of(NAMES)}) went to (?P<place>{_one_of(PLACES)})\. "
    rf"(?:She|He) (?P<deed>{_one_of(DEEDS)}) there and felt (?P<feeling>{_one_of(FEELINGS)}) all evening\."
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


def _long_phrase(text: str) -> str | None:
    return next((phrase for phrase in WORDY if phrase in text), None)


def _casual_opening(text: str) -> str | None:
    return next((opening for opening in CASUAL if text.startswith(opening + " ")), None)


def _change(slots: Slots) -> tuple[str, str]:
    """What the correction of a sentence takes out, and what it puts there."""
    text = slots["text"]
    if text in GRAMMAR:
        return next((a, b) for a, b in zip(text.split(), GRAMMAR[text].split(), strict=True) if a != b)
    phrase = _long_phrase(text)
    if phrase:
        return phrase, WORDY[phrase][0]
    opening = _casual_opening(text)
    return (opening, CASUAL[opening]) if opening else ("", "")


def _bare(slots: Slots) -> str:
    """The request without its capital and its full stop, to be put into another sentence."""
    return slots["text"][0].lower() + slots["text"].rstrip(".")[1:]


def _edited(slots: Slots) -> str:
    if slots["text"] in GRAMMAR:
        return GRAMMAR[slots["text"]]
    old, new = _change(slots)
    return slots["text"].replace(old, new, 1)


def rewriting(
    name: str,
    questions: tuple[str, ...],
    draw: Callable[[Random], Slots],
    rewrite: Callable[[Slots], str],
    known: Callable[[Slots], bool],
    weight: float,
    level: str = "medium",
    intent: str = "rewrite a sentence",
) -> Task:
    """A task with one right answer that is computed from its {text}."""
    return Task(
        name=name,
        domain=DOMAIN,
        questions=questions,
        draw=draw,
        answer=lambda slots, rng: rewrite(slots),
        judge=lambda slots, answer: answer.strip() == rewrite(slots),
        known=known,
        intent=intent,
        level=level,
        weight=weight,
    )


def _is_request(slots: Slots) -> bool:
    return _REQUEST.fullmatch(slots["text"]) is not None


def _drawn_from(texts: list[str]) -> Callable[[Random], Slots]:
    return lambda rng: {"text": rng.choice(texts)}


_SENTENCES = [sentence for about in TOPICS.values() for sentence in about]
_WORDY_TEXTS = [frame.format(x=person) for _, frame in WORDY.values() for person in PEOPLE]
_CASUAL_TEXTS = [f"{opening} {action}." for opening in CASUAL for action in ACTIONS]


def _listed(texts: list[str] | Mapping[str, str]) -> Callable[[Slots], bool]:
    return lambda slots: slots["text"] in texts


polite = rewriting(
    "polite",
    ("Rewrite this to be more polite: {text}", "Make this request polite: {text}"),
    _request,
    lambda slots: f"Could you please {_bare(slots)}?",
    _is_request,
    weight=2,
)
formal_request = rewriting(
    "formal_request",
    ("Rewrite this in a formal style: {text}", "Make this request formal: {text}"),
    _request,
    lambda slots: f"I would like to request that you {_bare(slots)}.",
    _is_request,
    weight=1.4,
)
friendly = rewriting(
    "friendly",
    ("Rewrite this in a friendly tone: {text}", "Make this request friendly: {text}"),
    _request,
    lambda slots: f"Hi! It would be great if you could {_bare(slots)}. Thanks!",
    _is_request,
    weight=1.4,
)
formal = rewriting(
    "formal",
    ("Rewrite this sentence more formally: {text}", "Make this sentence formal: {text}"),
    _drawn_from(_CASUAL_TEXTS),
    _edited,
    _listed(_CASUAL_TEXTS),
    weight=1.2,
)
shorten = rewriting(
    "shorten",
    ("Rewrite this in fewer words: {text}", "Make this sentence shorter: {text}"),
    _drawn_from(_WORDY_TEXTS),
    _edited,
    _listed(_WORDY_TEXTS),
    weight=1.5,
)
correct = rewriting(
    "correct",
    ("Correct the grammar: {text}", "Fix the mistake in this sentence: {text}"),
    _drawn_from(list(GRAMMAR)),
    _edited,
    _listed(GRAMMAR),
    weight=1.5,
    intent="correct a sentence",
)
uppercase = rewriting(
    "uppercase",
    ("Write this in uppercase: {text}", "Put this in capital letters: {text}"),
    _drawn_from(_SENTENCES),
    lambda slots: slots["text"].upper(),
    _listed(_SENTENCES),
    weight=1.2,
    level="easy",
)
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
change = unasked(
    "change",
    DOMAIN,
    lambda slots, rng: 'I changed "{}" to "{}".'.format(*_change(slots)),
    lambda slots, answer: answer.strip() == 'I changed "{}" to "{}".'.format(*_change(slots)),
    "learn what was changed",
)

TASKS = [polite, formal_request, friendly, formal, shorten, correct, uppercase, summarize, story_feeling, story_place]


def _asking(task: Task, question: str) -> FollowUp:
    """A question about the story of the turn before, naming its person."""

    def named(before: Item, rng: Random) -> Slots:
        return {"name": _of_story(before.slots, "name")}

    def fits(before: Item) -> bool:
        return before.task in ("summarize", "story_feeling", "story_place") and before.task != task.name

    return FollowUp(task, (question,), fits, named, lambda before, slots: {**before.slots, **slots}, weight=2)


FOLLOW_UPS = [
    onward(polite, "Now make it polite.", of=(formal_request, friendly)),
    onward(formal_request, "Now make it formal.", of=(polite, friendly)),
    onward(friendly, "Now make it friendly.", of=(polite, formal_request)),
    onward(change, "What did you change?", of=(formal, shorten, correct), weight=3),
    _asking(story_feeling, "How did {name} feel?"),
    _asking(story_place, "Where did {name} go?"),
]
