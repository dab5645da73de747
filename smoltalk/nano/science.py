"""Science: symbols, animals, colors, meanings of words, the calendar and general knowledge."""

from __future__ import annotations

from smoltalk.nano.task import Task, again, in_effect, lookup, onward
from smoltalk.nano.world import COLOR, DAYS, GENERAL, MEANING, MONTHS, SOUND, SYMBOL, YOUNG

DOMAIN = "science"
NEXT = {round_[i - 1]: round_[i] for round_ in (DAYS, MONTHS) for i in range(len(round_))}

symbol = lookup(
    "symbol",
    DOMAIN,
    SYMBOL,
    ("What is the chemical symbol for {key}?", "Which symbol stands for {key}?"),
    ("The chemical symbol for {key} is {value}.",),
    "find a chemical symbol",
    level="medium",
)
young = lookup(
    "young",
    DOMAIN,
    YOUNG,
    ("What is a young {key} called?", "What do you call a baby {key}?"),
    ("A young {key} is called a {value}.",),
    "learn the name of a young animal",
    weight=0.8,
)
sound = lookup(
    "sound",
    DOMAIN,
    SOUND,
    ("What sound does a {key} make?", "What noise does a {key} make?"),
    ("The sound of a {key} is a {value}.",),
    "learn the sound of an animal",
    level="very easy",
    weight=0.6,
)
color = lookup(
    "color",
    DOMAIN,
    COLOR,
    ("What color is {key}?", "Which color does {key} have?"),
    ("{Key} is {value}.",),
    "learn the color of a thing",
    level="very easy",
    weight=0.7,
)
meaning = lookup(
    "meaning",
    DOMAIN,
    MEANING,
    ("What is a {key}?", "Explain what a {key} is.", "What does the word {key} mean?"),
    ("A {key} is {value}.",),
    "learn what a word means",
    weight=1.2,
)
following = lookup(
    "following",
    DOMAIN,
    NEXT,
    ("What comes after {key}?", "What comes right after {key}?"),
    ("{value} comes after {key}.",),
    "find the next day or month",
    level="very easy",
    weight=0.5,
)
preceding = lookup(
    "preceding",
    DOMAIN,
    {later: earlier for earlier, later in NEXT.items()},
    ("What comes before {key}?", "What comes right before {key}?"),
    ("{value} comes before {key}.",),
    "find the day or month before",
    level="very easy",
    weight=0.5,
)
general = Task(
    name="general",
    domain=DOMAIN,
    questions=("{question}",),
    draw=lambda rng: {"question": rng.choice(list(GENERAL))},
    **in_effect(lambda slots: GENERAL[slots["question"]][0]),
    known=lambda slots: slots["question"] in GENERAL,
    intent="learn a fact about the world",
    weight=1.2,
    short=lambda slots: GENERAL[slots["question"]][1],
)

TASKS = [symbol, young, sound, color, meaning, following, preceding, general]
FOLLOW_UPS = [
    again(symbol, "And the symbol for {key}?", weight=1.5),
    again(young, "And a young {key}?"),
    again(sound, "And a {key}?"),
    again(color, "And what color is {key}?", weight=1.5),
    again(meaning, "And what is a {key}?", weight=1.5),
    again(following, "And after {key}?"),
    again(preceding, "And before {key}?"),
    onward(sound, "What sound does it make?", of=(young,)),
    onward(young, "And what are its young called?", of=(sound,)),
    onward(preceding, "And what comes before?", of=(following,)),
    onward(following, "And what comes after?", of=(preceding,)),
    again(general, "One more question: {question}", weight=1.5),
]
