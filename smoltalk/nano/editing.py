"""Editing, part one: tone, brevity, grammar and letter case."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from smoltalk.nano.task import Slots, Task, exactly, onward, unasked
from smoltalk.nano.world import ACTIONS, CASUAL, GRAMMAR, PEOPLE, REQUESTS, TOPICS, WORDY

DOMAIN = "editing"


def _request(rng: Random) -> Slots:
    parts = (rng.choice(REQUESTS[part]) for part in ("verbs", "objects", "times"))
    return {"text": " ".join(part for part in parts if part).capitalize().replace("monday", "Monday") + "."}


def one_of(options: list[str]) -> str:
    return "|".join(re.escape(option) for option in options)


_REQUEST = re.compile(
    f"({one_of(REQUESTS['verbs'])}) ({one_of(REQUESTS['objects'])})( ({one_of(REQUESTS['times'][1:])}))?[.]", re.I
)


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
        **exactly(rewrite),
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
change = unasked(
    "change",
    DOMAIN,
    "learn what was changed",
    **exactly(lambda slots: 'I changed "{}" to "{}".'.format(*_change(slots))),
)

TASKS = [polite, formal_request, friendly, formal, shorten, correct, uppercase]


FOLLOW_UPS = [
    onward(polite, "Now make it polite.", of=(formal_request, friendly)),
    onward(formal_request, "Now make it formal.", of=(polite, friendly)),
    onward(friendly, "Now make it friendly.", of=(polite, formal_request)),
    onward(change, "What did you change?", of=(formal, shorten, correct), weight=3),
]
