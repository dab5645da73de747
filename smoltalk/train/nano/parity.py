"""Writes what transformers computes with nano in float32, for engines that must compute the same."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import torch

from smoltalk.nano import rating
from smoltalk.nano.curriculum import DOMAIN_PROMPTS, Message, draw
from smoltalk.nano.dialogues import items, turns
from smoltalk.nano.pairs import pairs
from smoltalk.train.nano.speak import ASSISTANT_TURN, USER_TURN, Scorer, Speaker, written

STEPS = 32


def _prompts() -> list[str]:
    rng = Random(77)
    bare = [USER_TURN, written([{"role": "system", "content": DOMAIN_PROMPTS["geography"]}], USER_TURN)]
    asked = [written([{"role": "user", "content": draw(rng).query}], ASSISTANT_TURN) for _ in range(11)]
    talks = [written(turns(items(rng))[:-1], ASSISTANT_TURN) for _ in range(4)]
    rated = [rating.request(name, draw(rng).query) for name in rating.RATINGS]
    return bare + asked + talks + [written([{"role": "user", "content": text}], ASSISTANT_TURN) for text in rated]


@torch.no_grad()
def _continued(speaker: Speaker, prompt: str) -> dict[str, Any]:
    ids: list[int] = speaker.tokenizer.encode(prompt, add_special_tokens=False)
    sequence, continuation, first = list(ids), list[int](), list[dict[str, float]]()
    while len(continuation) < STEPS and (not continuation or continuation[-1] != speaker.end):
        logits = speaker.model(input_ids=torch.tensor([sequence])).logits[0, -1]
        if not first:
            top = logits.topk(5)
            pairs_found = zip(top.indices.tolist(), top.values.tolist(), strict=True)
            first = [{"id": token, "logit": round(logit, 5)} for token, logit in pairs_found]
        continuation.append(int(logits.argmax()))
        sequence.append(continuation[-1])
    return {"prompt": prompt, "prompt_ids": ids, "greedy_ids": continuation, "first_step_top5": first}


def _conversations() -> list[list[Message]]:
    stream = pairs(Random(78), held_out=True)
    drawn = [next(stream) for _ in range(5)]
    return [messages for pair in drawn for messages in (pair.chosen, pair.rejected)]


def write_parity(speaker: Speaker, scorer: Scorer, path: Path) -> None:
    """Greedy ids stop after the end mark of the turn or after 32 steps."""
    scored = [{"messages": talk, "score": round(scorer.scores([talk])[0], 5)} for talk in _conversations()]
    found = {"continuations": [_continued(speaker, prompt) for prompt in _prompts()], "rewards": scored}
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
