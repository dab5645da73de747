"""Writing: lists, short descriptions, advice and e-mails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from smoltalk.nano.task import FollowUp, Item, Slots, Task, exactly, onward, unasked
from smoltalk.nano.wording import COUNT_WORDS, capitalized, joined, listed, sentences
from smoltalk.nano.world import DAYS, EMAILS, LISTS, NAMES, TIPS, TOPICS

DOMAIN = "writing"
STYLES = ("prose", "bullets", "numbers")


def _some(rng: Random, pool: Sequence[str], count: int) -> list[str]:
    """Neighbours in the pool, from anywhere on: a fixed order keeps a tiny model from naming the same thing twice."""
    start = rng.randrange(len(pool))
    return [pool[(start + i) % len(pool)] for i in range(count)]


def _in_style(entries: list[str], style: str) -> str:
    if style == "bullets":
        return "\n".join(f"- {capitalized(entry)}" for entry in entries)
    if style == "numbers":
        return "\n".join(f"{i}. {capitalized(entry)}" for i, entry in enumerate(entries, 1))
    return capitalized(joined(entries)) + "."


def _has_style(answer: str, style: str) -> bool:
    lines = answer.split("\n")
    if style == "bullets":
        return all(line.startswith("- ") for line in lines)
    if style == "numbers":
        return all(line.startswith(f"{i}. ") for i, line in enumerate(lines, 1))
    return len(lines) == 1 and re.match(r"- |\d\.", answer) is None


def _distinct_from(found: list[str], pool: Sequence[str], count: int) -> bool:
    known = {entry.lower() for entry in pool}
    return len(found) == len(set(found)) == count and all(entry.lower() in known for entry in found)


def _draw_list(rng: Random) -> Slots:
    return {"count": rng.choice(list(COUNT_WORDS)), "kind": rng.choice(list(LISTS))}


def list_task(style: str, questions: tuple[str, ...], weight: float) -> Task:
    def judge(slots: Slots, answer: str) -> bool:
        found = listed(answer)
        return _has_style(answer, style) and _distinct_from(found, LISTS[slots["kind"]], COUNT_WORDS[slots["count"]])

    return Task(
        name=f"list_{style}",
        domain=DOMAIN,
        questions=questions,
        draw=_draw_list,
        answer=lambda slots, rng: _in_style(_some(rng, LISTS[slots["kind"]], COUNT_WORDS[slots["count"]]), style),
        judge=judge,
        known=lambda slots: slots["count"] in COUNT_WORDS and slots["kind"] in LISTS,
        intent="get a list of examples",
        level="easy",
        weight=weight,
    )


def _wants_sentences(slots: Slots) -> int:
    return COUNT_WORDS[slots["count"]] if "count" in slots else 1


def _email(slots: Slots, rng: Random) -> str:
    signer = rng.choice([name for name in NAMES if name != slots["name"]])
    body = " ".join(EMAILS[slots["subject"]]).format(day=rng.choice(DAYS))
    return f"Hello {slots['name']},\n\n{body}\n\nBest wishes,\n{signer}"


def _is_email(slots: Slots, answer: str) -> bool:
    body = re.escape(" ".join(EMAILS[slots["subject"]])).replace(r"\{day\}", f"(?:{'|'.join(DAYS)})")
    names = "|".join(name for name in NAMES if name != slots["name"])
    return re.fullmatch(rf"Hello {slots['name']},\n\n{body}\n\nBest wishes,\n(?:{names})", answer.strip()) is not None


prose_list = list_task("prose", ("List {count} {kind}.", "Name {count} {kind}.", "Give me {count} {kind}."), 2.2)
bullet_list = list_task(
    "bullets", ("List {count} {kind} as bullet points.", "Write a bullet list of {count} {kind}."), 1.5
)
numbered_list = list_task("numbers", ("Write a numbered list of {count} {kind}.",), 1.0)
describe = Task(
    name="describe",
    domain=DOMAIN,
    questions=("Write {count} sentences about {topic}.", "Describe {topic} in {count} sentences."),
    draw=lambda rng: {"count": rng.choice(list(COUNT_WORDS)), "topic": rng.choice(list(TOPICS))},
    answer=lambda slots, rng: " ".join(_some(rng, TOPICS[slots["topic"]], _wants_sentences(slots))),
    judge=lambda slots, a: _distinct_from(sentences(a), TOPICS[slots["topic"]], _wants_sentences(slots)),
    known=lambda slots: slots["count"] in COUNT_WORDS and slots["topic"] in TOPICS,
    intent="get a short text",
    level="medium",
    weight=2.2,
)
remark = Task(
    name="remark",
    domain=DOMAIN,
    questions=("Write one sentence about {topic}.", "Tell me something about {topic}."),
    draw=lambda rng: {"topic": rng.choice(list(TOPICS))},
    answer=lambda slots, rng: rng.choice(TOPICS[slots["topic"]]),
    judge=lambda slots, answer: answer.strip() in TOPICS[slots["topic"]],
    known=lambda slots: slots["topic"] in TOPICS,
    intent="get one sentence",
    level="easy",
    weight=1.2,
)
advice = Task(
    name="advice",
    domain=DOMAIN,
    questions=("How can I {goal}?", "Give me two tips to {goal}.", "I want to {goal}. Any advice?"),
    draw=lambda rng: {"goal": rng.choice(list(TIPS))},
    answer=lambda slots, rng: " ".join(_some(rng, TIPS[slots["goal"]], 2)),
    judge=lambda slots, answer: _distinct_from(sentences(answer), TIPS[slots["goal"]], 2),
    known=lambda slots: slots["goal"] in TIPS,
    intent="get advice",
    level="medium",
    weight=2,
)
email = Task(
    name="email",
    domain=DOMAIN,
    questions=("Write a short email to {name} about {subject}.", "Help me write an email to {name} about {subject}."),
    draw=lambda rng: {"name": rng.choice(NAMES), "subject": rng.choice(list(EMAILS))},
    answer=_email,
    judge=_is_email,
    known=lambda slots: slots["name"] in NAMES and slots["subject"] in EMAILS,
    intent="write an email",
    level="hard",
    weight=1.8,
)


def _pool(slots: Slots) -> list[str]:
    if "kind" in slots:
        return [capitalized(entry) + "." for entry in LISTS[slots["kind"]]]
    return TOPICS[slots["topic"]] if "topic" in slots else TIPS[slots["goal"]]


def _unused(slots: Slots) -> list[str]:
    """What has not been said yet, beginning with what follows the last thing said."""
    pool = _pool(slots)
    said = slots["said"].lower()
    places = {i: said.rfind(entry.lower().rstrip(".")) for i, entry in enumerate(pool)}
    used = [i for i, place in places.items() if place >= 0]
    start = max(used, key=lambda i: places[i]) + 1 if used else 0
    return [pool[i % len(pool)] for i in range(start, start + len(pool)) if i % len(pool) not in used]


one_more = unasked(
    "one_more",
    DOMAIN,
    "get one more example",
    lambda slots, rng: _unused(slots)[0],
    lambda slots, answer: answer.strip() in _unused(slots),
)
restyled = unasked(
    "restyled",
    DOMAIN,
    "get a list in another form",
    lambda slots, rng: _in_style(listed(slots["said"]), slots["style"]),
    lambda slots, answer: _has_style(answer, slots["style"]) and listed(answer) == listed(slots["said"]),
)
addressee = unasked(
    "addressee", DOMAIN, "learn who an email is for", **exactly(lambda slots: f"The email is for {slots['name']}.")
)
subject = unasked(
    "subject",
    DOMAIN,
    "learn what an email is about",
    **exactly(lambda slots: f"The email is about {slots['subject']}."),
)

TASKS = [prose_list, bullet_list, numbered_list, describe, remark, advice, email]


def _more(questions: tuple[str, ...], of: tuple[str, ...]) -> FollowUp:
    def resolve(before: Item, slots: Slots) -> Slots:
        return {**before.slots, "said": before.slots.get("said", "") + " " + before.answer}

    def fits(before: Item) -> bool:
        about = any(name in before.slots for name in of)
        return about and before.domain == DOMAIN and before.task != "restyled" and bool(_unused(resolve(before, {})))

    return FollowUp(one_more, questions, fits, lambda before, rng: {}, resolve, weight=3)


def _restyle(style: str, question: str) -> FollowUp:
    lists = {f"list_{other}" for other in STYLES if other != style}

    def resolve(before: Item, slots: Slots) -> Slots:
        return {**before.slots, "said": before.answer, "style": style}

    return FollowUp(restyled, (question,), lambda b: b.task in lists, lambda before, rng: {}, resolve, weight=1.5)


FOLLOW_UPS = [
    _more(("Give me one more.",), of=("kind",)),
    _more(("Tell me more.", "Add one more sentence."), of=("topic",)),
    _more(("Any other tip?", "Give me one more tip."), of=("goal",)),
    _restyle("bullets", "Now write it as bullet points."),
    _restyle("numbers", "Now number them."),
    onward(addressee, "Who is it for?", of=(email,), weight=2),
    onward(subject, "What is it about?", of=(email,), weight=2),
]
