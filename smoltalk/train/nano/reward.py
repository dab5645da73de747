"""Trains the reward model: nano with one output, taught to score the right one of two conversations higher."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoTokenizer, LlamaForSequenceClassification

from smoltalk.nano.curriculum import Message
from smoltalk.nano.pairs import drills
from smoltalk.train.nano.rows import LONGEST, fixed_length, padded
from smoltalk.train.nano.workers import average_gradients, optimizers, run_workers, set_pace

DRAWN_AT_ONCE = 1024
# Keeps scores near zero, where one threshold can serve all conversations.
CENTERING = 0.01


@dataclass(frozen=True)
class RewardPlan:
    steps: int = 1800
    tokens_per_worker: int = 2048
    workers: int = 3
    seed: int = 0
    muon: float = 0.008
    adam: float = 1e-3
    steady: float = 0.3
    report_every: int = 20
    save_every: int = 100


def conversation_ids(tokenizer: Any, messages: list[Message]) -> list[int]:
    """The conversation as the chat template writes it, to the last end mark."""
    text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids


def reward_from(folder: Path) -> Any:
    return LlamaForSequenceClassification.from_pretrained(
        folder, num_labels=1, dtype=torch.float32, attn_implementation="eager"
    )


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    deepcopy(model).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def pair_batches(tokenizer: Any, rng: Random, tokens: int) -> Iterator[torch.Tensor]:
    """Endless batches whose first half is chosen and whose second half is rejected, row by row."""
    pool: dict[int, list[tuple[list[int], list[int]]]] = defaultdict(list)
    drawn = drills(rng)
    while True:
        for _ in range(DRAWN_AT_ONCE):
            pair = next(drawn)
            chosen, rejected = (conversation_ids(tokenizer, m) for m in (pair.chosen, pair.rejected))
            pool[fixed_length(max(len(chosen), len(rejected)))].append((chosen, rejected))
        ready: list[torch.Tensor] = []
        for length, found in pool.items():
            size = tokens // length // 2
            while length <= LONGEST and len(found) >= size:
                ready.append(_side_by_side(found[:size], length, tokenizer.pad_token_id))
                del found[:size]
        rng.shuffle(ready)
        yield from ready


def _side_by_side(found: list[tuple[list[int], list[int]]], length: int, filler: int) -> torch.Tensor:
    return padded([chosen for chosen, _ in found] + [rejected for _, rejected in found], length, filler)


def pair_loss(model: Any, ids: torch.Tensor) -> tuple[Any, float]:
    """Bradley-Terry loss, and the share of pairs already in the right order."""
    mask = torch.ne(ids, model.config.pad_token_id).long()
    scores = model(input_ids=ids, attention_mask=mask).logits[:, 0]
    chosen, rejected = scores.chunk(2)
    loss = -functional.logsigmoid(chosen - rejected).mean() + CENTERING * ((chosen + rejected) ** 2).mean()
    return loss, (chosen > rejected).float().mean().item()


def _train(rank: int, count: int, start: Path, folder: Path, plan: RewardPlan) -> None:
    tokenizer = AutoTokenizer.from_pretrained(start)
    torch.manual_seed(plan.seed)
    model = reward_from(start).train()
    parameters = list(model.parameters())
    found = optimizers(model, plan.muon, plan.adam)
    stream = pair_batches(tokenizer, Random(2_000_003 * (plan.seed + 1) + rank), plan.tokens_per_worker)
    started, seen, right, step = time.time(), 0, 0.0, 0
    while step < plan.steps:
        ids = next(stream)
        set_pace(found, step, plan.steps, 20, plan.steady)
        loss, accuracy = pair_loss(model, ids)
        loss.backward()
        average_gradients(parameters, count)
        for optimizer in found:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        seen, right, step = seen + count * len(ids) // 2, right + accuracy, step + 1
        if rank == 0 and step % plan.report_every == 0:
            entry = {"step": step, "pairs": seen, "right": round(right / plan.report_every, 4)}
            print(json.dumps(entry | {"seconds": round(time.time() - started)}), flush=True)
            right = 0.0
        if rank == 0 and (step % plan.save_every == 0 or step == plan.steps):
            save(model, tokenizer, folder)
            cost = {"steps": step, "pairs": seen, "seconds": round(time.time() - started), "workers": count}
            (folder / "training.json").write_text(json.dumps(cost) + "\n", encoding="utf-8")


def train_reward(start: Path, folder: Path, plan: RewardPlan) -> None:
    """Trains from the chat model in `start` and saves into `folder`."""
    run_workers(plan.workers, _train, start, folder, plan)
