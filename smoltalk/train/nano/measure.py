"""Measures the chat model on questions with fresh seeds; every answer is judged by the curriculum's own code."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import torch

from smoltalk.nano import rating
from smoltalk.nano.curriculum import (
    DOMAIN_PROMPTS,
    Message,
    belongs,
    draw,
    judged_turns,
    understood,
    verify,
    verify_conversation,
)
from smoltalk.nano.dialogues import items, turns
from smoltalk.nano.pairs import pairs
from smoltalk.nano.task import Item
from smoltalk.train.nano.speak import USER_TURN, Scorer, Speaker, written

Figures = dict[str, Any]


def share(hits: Iterable[bool | None]) -> float:
    found = [bool(hit) for hit in hits]
    return round(sum(found) / len(found), 3) if found else 0.0


def user(content: str) -> Message:
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}


def fresh_items(seed: int, count: int, domain: str | None = None) -> list[Item]:
    """Distinct questions as far as there are that many."""
    rng, found = Random(seed), dict[str, Item]()
    for _ in range(20 * count):
        item = draw(rng, domain)
        found.setdefault(item.query, item)
        if len(found) == count:
            break
    return list(found.values())


def questions(speaker: Speaker, count: int) -> Figures:
    asked = fresh_items(1001, count)
    answers = speaker.answers([[user(item.query)] for item in asked])
    right = [verify(item.query, answer)[1] for item, answer in zip(asked, answers, strict=True)]
    by_domain, by_task = defaultdict[str, list[bool | None]](list), defaultdict[str, list[bool | None]](list)
    for item, verdict in zip(asked, right, strict=True):
        by_domain[item.domain].append(verdict)
        by_task[item.task].append(verdict)
    weakest = sorted(by_task, key=lambda name: share(by_task[name]))[:8]
    return {
        "n": len(asked),
        "right": share(right),
        "by_domain": {name: {"n": len(v), "right": share(v)} for name, v in sorted(by_domain.items())},
        "weakest_tasks": {name: {"n": len(by_task[name]), "right": share(by_task[name])} for name in weakest},
        "examples_wrong": _examples((i.query, a, r) for i, a, r in zip(asked, answers, right, strict=True)),
    }


def _examples(answered: Iterable[tuple[str, str, bool | None]]) -> list[list[str]]:
    return [[query, answer] for query, answer, right in answered if not right][:8]


def constraints(speaker: Speaker, count: int) -> Figures:
    asked = fresh_items(1002, count, "constraints")
    answers = speaker.answers([[user(item.query)] for item in asked])
    by_task = defaultdict[str, list[bool | None]](list)
    for item, answer in zip(asked, answers, strict=True):
        by_task[item.task.removeprefix("constraint_")].append(verify(item.query, answer)[1])
    right = [verdict for verdicts in by_task.values() for verdict in verdicts]
    by_kind = {name: {"n": len(v), "right": share(v)} for name, v in sorted(by_task.items())}
    return {"n": len(asked), "right": share(right), "by_kind": by_kind}


def invented(speaker: Speaker, count: int, temperature: float = 1.0) -> Figures:
    """What the model writes as the user when it is given nothing but the opening of a user turn."""
    written_turns = speaker.continued([USER_TURN] * count, temperature)
    ended = [query for query in written_turns if query]
    sensible = [query for query in ended if understood(query)]
    answers = speaker.answers([[user(query)] for query in sensible])
    right = [verify(query, answer)[1] for query, answer in zip(sensible, answers, strict=True)]
    strange = [query for query in ended if not understood(query)]
    return {
        "n": count,
        "temperature": temperature,
        "ended": round(len(ended) / count, 3),
        "distinct": round(len(set(ended)) / count, 3),
        "sensible": round(len(sensible) / count, 3),
        "right_of_sensible": share(right),
        "tasks": len({verify(query, "")[0] for query in sensible}),
        "examples_strange": strange[:8],
    }


def steering(speaker: Speaker, count: int) -> Figures:
    """Whether a domain's system prompt makes the model invent questions of that domain, and answer them."""
    found: Figures = {}
    for domain, prompt in DOMAIN_PROMPTS.items():
        system = {"role": "system", "content": prompt}
        queries = speaker.continued([written([system], USER_TURN)] * count, 1.0)
        asked = [query for query in queries if query]
        understood_as = [understood(query) for query in asked]
        inside = [item is not None and item.domain == domain for item in understood_as]
        answers = speaker.answers([[system, user(query)] for query in asked])
        judged = [verify(query, answer)[1] for query, answer in zip(asked, answers, strict=True)]
        right = share(verdict for verdict in judged if verdict is not None)
        found[domain] = {"n": count, "in_domain": round(sum(inside) / count, 3), "right": right}
    return found


def follow_ups_written(speaker: Speaker, count: int) -> Figures:
    """After one and two answered questions the model writes the next user turn itself, then answers it."""
    talks = [[user(item.query)] for item in fresh_items(1003, count)]
    talks = [[*talk, assistant(answer)] for talk, answer in zip(talks, speaker.answers(talks), strict=True)]
    found: Figures = {}
    for turn in ("second", "third"):
        queries = speaker.continued([written(talk, USER_TURN) for talk in talks], 1.0)
        ended = [(talk, query) for talk, query in zip(talks, queries, strict=True) if query]
        belong = [belongs(_history(talk), query) for talk, query in ended]
        asked = [[*talk, user(query)] for (talk, query), fits in zip(ended, belong, strict=True) if fits]
        talks = [[*talk, assistant(answer)] for talk, answer in zip(asked, speaker.answers(asked), strict=True)]
        right = [judged_turns(talk)[-1][1] for talk in talks]
        strange = [q for (_, q), fits in zip(ended, belong, strict=True) if not fits][:6]
        wrong = [[t[-4]["content"], t[-3]["content"], t[-2]["content"], t[-1]["content"]]
                 for t, verdict in zip(talks, right, strict=True) if verdict is not True][:8]  # fmt: skip
        found[turn] = {
            "n": len(queries),
            "ended": round(len(ended) / len(queries), 3),
            "belongs": round(sum(belong) / len(queries), 3),
            "right_of_belonging": share(right),
            "examples_strange": strange,
            "examples_wrong": wrong,
        }
    return found


def _history(talk: Sequence[Message]) -> list[Item]:
    judged = judged_turns(talk)
    answered = zip(judged, talk[::2], talk[1::2], strict=True)
    return [Item(i.task, i.domain, q["content"], a["content"], i.slots) for (i, _), q, a in answered if i]


def follow_ups_given(speaker: Speaker, count: int) -> Figures:
    """The last question of fresh conversations whose earlier answers are the right ones."""
    rng, talks = Random(1004), list[list[Message]]()
    while len(talks) < count:
        history = items(rng)
        if len(history) > 1:
            talks.append(turns(history))
    answers = speaker.answers([talk[:-1] for talk in talks])
    judged = [judged_turns([*talk[:-1], assistant(a)])[-1] for talk, a in zip(talks, answers, strict=True)]
    by_task = defaultdict[str, list[bool | None]](list)
    for item, verdict in judged:
        by_task[item.task if item else "?"].append(verdict)
    weakest = sorted(by_task, key=lambda name: share(by_task[name]))[:6]
    return {
        "n": count,
        "right": share(verdict for _, verdict in judged),
        "weakest_tasks": {name: {"n": len(by_task[name]), "right": share(by_task[name])} for name in weakest},
    }


def ratings(speaker: Speaker, count: int) -> Figures:
    """Replies to the rating templates: do they keep the promised form, and do they name the expected label?"""
    strange = [query for query in speaker.continued([USER_TURN] * count, 1.0) if query]
    found: Figures = {}
    for name, rate in rating.RATINGS.items():
        rng = Random(1005)
        expected = [rate(rng, draw(rng)) for _ in range(count)]
        replies = speaker.answers([[user(rating.request(name, query))] for query, _ in expected])
        on_strange = speaker.answers([[user(rating.request(name, query))] for query in strange])
        column = list(expected[0][1])[-1]
        agree = [
            rating.accepted(name, reply) and json.loads(reply)[column] == label[column]
            for reply, (_, label) in zip(replies, expected, strict=True)
        ]
        commonest = Counter(label[column] for _, label in expected).most_common(1)[0][1]
        found[name] = {
            "n": count,
            "valid": share(rating.accepted(name, reply) for reply in replies),
            "n_invented": len(strange),
            "valid_invented": share(rating.accepted(name, reply) for reply in on_strange),
            "label_agrees": share(agree),
            "commonest_label": round(commonest / count, 3),
        }
    return found


def reward_pairs(scorer: Scorer, count: int) -> Figures:
    stream = pairs(Random(1006), held_out=True)
    drawn = [next(stream) for _ in range(count)]
    assert all(verify_conversation(pair.chosen)[1] is not False for pair in drawn)
    chosen, rejected = (scorer.scores([getattr(p, side) for p in drawn]) for side in ("chosen", "rejected"))
    right = [c > r for c, r in zip(chosen, rejected, strict=True)]
    by_domain = defaultdict[str, list[bool | None]](list)
    for pair, hit in zip(drawn, right, strict=True):
        by_domain[pair.domain].append(hit)
    half = sorted(chosen + rejected)[count]
    return {
        "n": count,
        "right_order": share(right),
        "median_threshold": share([c >= half for c in chosen] + [r < half for r in rejected]),
        "mean_chosen": round(sum(chosen) / count, 3),
        "mean_rejected": round(sum(rejected) / count, 3),
        "by_domain": {name: {"n": len(v), "right_order": share(v)} for name, v in sorted(by_domain.items())},
    }


def measured(speaker: Speaker, scorer: Scorer | None, scale: float = 1.0) -> Figures:
    """Every figure of the model card. `scale` shrinks the samples for a quick look."""
    torch.manual_seed(7)
    started = time.time()
    found: Figures = {
        "questions": questions(speaker, int(1000 * scale)),
        "constraints": constraints(speaker, int(500 * scale)),
        "invented": invented(speaker, int(1000 * scale)),
        "invented_cooler": invented(speaker, int(300 * scale), 0.7),
        "steering": steering(speaker, int(100 * scale)),
        "follow_ups_written": follow_ups_written(speaker, int(400 * scale)),
        "follow_ups_given": follow_ups_given(speaker, int(600 * scale)),
        "ratings": ratings(speaker, int(300 * scale)),
    }
    if scorer:
        found["reward"] = reward_pairs(scorer, int(1500 * scale))
    return {**found, "seconds": round(time.time() - started)}
