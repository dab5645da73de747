"""Language: opposites, forms of words, translations and the mood of a review."""

from __future__ import annotations

from random import Random

from smoltalk.nano.task import Slots, Task, again, in_effect, lookup, onward, unasked
from smoltalk.nano.world import COMPLAINT, FRENCH, OPPOSITE, PAST, PLURAL, PRAISE, REVIEWED, SPANISH

DOMAIN = "language"

opposite = lookup(
    "opposite",
    DOMAIN,
    OPPOSITE,
    ("What is the opposite of {key}?", "Which word means the opposite of {key}?"),
    ("The opposite of {key} is {value}.",),
    "find an opposite",
    weight=1.3,
)
plural = lookup(
    "plural",
    DOMAIN,
    PLURAL,
    ("What is the plural of {key}?", "How do you write the plural of {key}?"),
    ("The plural of {key} is {value}.",),
    "form a plural",
    weight=0.9,
)
past = lookup(
    "past",
    DOMAIN,
    PAST,
    ("What is the past tense of {key}?", "How do you write the past tense of {key}?"),
    ("The past tense of {key} is {value}.",),
    "form a past tense",
    weight=0.9,
)
french = lookup(
    "french",
    DOMAIN,
    FRENCH,
    ("How do you say {key} in French?", "What is the French word for {key}?"),
    ("The French word for {key} is {value}.",),
    "translate a word into French",
    level="medium",
)
spanish = lookup(
    "spanish",
    DOMAIN,
    SPANISH,
    ("How do you say {key} in Spanish?", "What is the Spanish word for {key}?"),
    ("The Spanish word for {key} is {value}.",),
    "translate a word into Spanish",
    level="medium",
)

_REVIEWS = {
    frame.format(x=thing): (mood, word)
    for mood, frames in (("positive", PRAISE), ("negative", COMPLAINT))
    for frame, word in frames.items()
    for thing in REVIEWED
}


def _draw_review(rng: Random) -> Slots:
    return {"review": rng.choice(list(_REVIEWS))}


def _mood(slots: Slots) -> str:
    return f"The review is {_REVIEWS[slots['review']][0]}."


def _telling(slots: Slots) -> str:
    return f'The word "{_REVIEWS[slots["review"]][1]}" shows it.'


mood = Task(
    name="mood",
    domain=DOMAIN,
    questions=("Is this review positive or negative? {review}", "What is the mood of this review? {review}"),
    draw=_draw_review,
    **in_effect(_mood),
    known=lambda slots: slots["review"] in _REVIEWS,
    intent="judge the mood of a review",
    level="medium",
    weight=1.2,
)
telling = unasked("telling", DOMAIN, "learn the reason", **in_effect(_telling))

TASKS = [opposite, plural, past, french, spanish, mood]
FOLLOW_UPS = [
    again(opposite, "And the opposite of {key}?", weight=1.5),
    again(plural, "And the plural of {key}?", weight=1.5),
    again(past, "And the past tense of {key}?", weight=1.5),
    again(french, "And the French word for {key}?"),
    again(spanish, "And the Spanish word for {key}?"),
    onward(spanish, "And in Spanish?", of=(french,), weight=1.5),
    onward(french, "And in French?", of=(spanish,), weight=1.5),
    onward(telling, "How do you know?", "Why?", of=(mood,), weight=2),
    again(mood, "And this one? {review}"),
]
