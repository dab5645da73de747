"""Teaches the chat model to make sense as the user: turns it invents are judged by the curriculum's own reader.

A turn is worth something when it is understood and was not said lately, or it would learn to say a few safe things.
Policy gradient with a group baseline (REINFORCE, Williams 1992; the baseline as in GRPO, arXiv:2402.03300, without its
clipping, since every sample is used once), with the usual training loss beside it as an anchor.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoTokenizer

from smoltalk.nano.curriculum import DOMAIN_PROMPTS, understood
from smoltalk.train.nano.model import chat_model_from, save, token_loss
from smoltalk.train.nano.rows import batches, padded
from smoltalk.train.nano.speak import USER_TURN, written

LONGEST_TURN = 64
REMEMBERED = 1000
Context = tuple[str, str | None]
"""What stands before the user's turn, and the domain it should be of."""


@dataclass(frozen=True)
class PolishPlan:
    steps: int = 120
    turns: int = 96
    anchor_tokens: int = 2048
    learning_rate: float = 1.5e-4
    judged_weight: float = 1.0
    seed: int = 0
    report_every: int = 10


def contexts(rng: Random, count: int) -> list[Context]:
    """Half of them nothing at all, half the system prompt of a domain."""
    domains = [rng.choice(list(DOMAIN_PROMPTS)) if i % 2 else None for i in range(count)]
    return [(written([_system(domain)] if domain else [], USER_TURN), domain) for domain in domains]


def _system(domain: str) -> dict[str, str]:
    return {"role": "system", "content": DOMAIN_PROMPTS[domain]}


def judged(text: str | None, domain: str | None, lately: Collection[str]) -> float:
    """1 for a turn that ended, is understood, is of the domain that was asked for, and was not said lately."""
    item = understood(text) if text else None
    return float(item is not None and domain in (None, item.domain) and text not in lately)


def advantages(rewards: Sequence[float], asked: Sequence[Context]) -> torch.Tensor:
    """Each reward less the mean of its group: turns out of nothing, and turns after a system prompt."""
    found = torch.tensor(rewards)
    steered = torch.tensor([domain is not None for _, domain in asked])
    for group in (steered, ~steered):
        if group.any():
            found[group] -= found[group].mean()
    return found


@torch.no_grad()
def sample(model: Any, tokenizer: Any, asked: Sequence[Context]) -> list[tuple[list[int], list[int]]]:
    """Token ids of each context and of the turn the model writes after it, with its end mark."""
    inputs = tokenizer([text for text, _ in asked], return_tensors="pt", padding=True, add_special_tokens=False)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    output = model.generate(
        input_ids=ids, attention_mask=mask, max_new_tokens=LONGEST_TURN, do_sample=True, top_k=0, top_p=1.0,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    found = []
    for row, shown, new in zip(ids.tolist(), mask.tolist(), output[:, ids.shape[1] :].tolist(), strict=True):
        end = new.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in new else len(new)
        found.append(([token for token, kept in zip(row, shown, strict=True) if kept], new[:end]))
    return found


def judged_loss(model: Any, turns: Sequence[tuple[list[int], list[int]]], weights: torch.Tensor, filler: int) -> Any:
    """Minus the log-probability of each turn times its advantage, a turn; the contexts are only read."""
    rows = [context + turn for context, turn in turns]
    longest = max(map(len, rows))
    ids = padded(rows, longest, filler)
    own = padded([[0] * len(context) + [1] * len(turn) for context, turn in turns], longest, 0).bool()
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    learned = own[:, 1:]
    surprise = functional.cross_entropy(model.lm_head(hidden[learned]), ids[:, 1:][learned], reduction="none")
    of_row = torch.arange(len(rows))[:, None].expand_as(learned)[learned]
    return (surprise * weights[of_row]).sum() / len(rows)


def polish_model(folder: Path, plan: PolishPlan) -> None:
    """Goes on with the chat model in `folder`, in place."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    torch.manual_seed(plan.seed)
    rng = Random(3_000_003 * (plan.seed + 1))
    model = chat_model_from(folder)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    anchor = batches(tokenizer, rng, plan.anchor_tokens)
    lately: deque[str] = deque(maxlen=REMEMBERED)
    started, sensible = time.time(), 0.0
    for step in range(1, plan.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * min(1.0, step / 10, (plan.steps + 1 - step) / (0.3 * plan.steps))
        asked = contexts(rng, plan.turns)
        turns = sample(model.eval(), tokenizer, asked)
        rewards = []
        for (_, turn), (_, domain) in zip(turns, asked, strict=True):
            text = _text(tokenizer, turn)
            rewards.append(judged(text, domain, lately))
            lately.append(text or "")
        loss = token_loss(model.train(), *next(anchor))
        loss = loss + plan.judged_weight * judged_loss(model, turns, advantages(rewards, asked), tokenizer.pad_token_id)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        sensible += sum(rewards) / len(rewards)
        if step % plan.report_every == 0:
            entry = {"step": step, "sensible and new": round(sensible / plan.report_every, 4)}
            print(json.dumps(entry | {"seconds": round(time.time() - started)}), flush=True)
            sensible = 0.0
    save(model, AutoTokenizer.from_pretrained(folder), folder)  # the one above has been set to pad on the left
    cost = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    cost["polish"] = {"steps": plan.steps, "turns": plan.steps * plan.turns, "seconds": round(time.time() - started)}
    (folder / "training.json").write_text(json.dumps(cost) + "\n", encoding="utf-8")


def _text(tokenizer: Any, turn: Sequence[int]) -> str | None:
    if not turn or turn[-1] != tokenizer.eos_token_id:
        return None
    text: str = tokenizer.decode(turn[:-1])
    return text.strip()
