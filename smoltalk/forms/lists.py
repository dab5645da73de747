"""Numbered steps of a tutorial, and lists of facts."""

import re

from smoltalk.text import normalise, words

_TITLE = re.compile(r"^#{1,2} +\S")
_STEP = re.compile(r"^(?:#{2,4} +)?(?:\*\*)?(?:Step +)?(\d{1,3})[.):](?:\*\*)? *(.*)$")
_ITEM = re.compile(r"^(?:[-*•]|\d{1,3}[.)]) +(.*)$")
_LEAST_STEPS, _MOST_STEPS = 3, 20
_LEAST_FACTS, _MOST_FACTS = 5, 20


def tutorial_fault(text: str) -> str:
    """What keeps a text from being a title, an opening, and steps that are numbered from 1 on."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]  # indented: a list inside of a step
    if not _TITLE.match(lines[0]):
        return "it does not begin with a title"
    steps: list[tuple[int, str]] = []
    opening = ""
    for line in lines[1:]:
        if step := _STEP.match(line):
            steps.append((int(step[1]), step[2]))
        elif steps:
            steps[-1] = (steps[-1][0], f"{steps[-1][1]} {line}")
        else:
            opening += f" {line}"
    if not _LEAST_STEPS <= len(steps) <= _MOST_STEPS:
        return f"it has {len(steps)} numbered steps, not {_LEAST_STEPS} to {_MOST_STEPS}"
    if [number for number, _ in steps] != list(range(1, len(steps) + 1)):
        return "its steps are not numbered 1, 2, 3"
    if short := next((number for number, said in steps if len(words(said)) < 3), 0):
        return f"step {short} says nothing"
    if len({normalise(said) for _, said in steps}) < len(steps):
        return "a step stands there twice"
    return "" if len(words(opening)) >= 5 else "no opening says what it teaches"


def facts_fault(text: str) -> str:
    """What keeps a text from being a list of facts, each a sentence of its own."""
    items: list[str] = []
    outside = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        if found := _ITEM.match(line):
            items.append(found[1])
        else:
            outside += len(words(line))
    if not _LEAST_FACTS <= len(items) <= _MOST_FACTS:
        return f"it lists {len(items)} facts, not {_LEAST_FACTS} to {_MOST_FACTS}"
    if outside > 20:
        return f"{outside} words stand beside the list"
    for number, item in enumerate(items, 1):
        if len(words(item)) < 4 or not item.rstrip("*").endswith((".", "!", "。", "।")):
            return f"fact {number} is no whole sentence"
    return "a fact stands there twice" if len({normalise(item) for item in items}) < len(items) else ""
