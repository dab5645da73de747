"""Trains the reward model: nano with one output, taught to score the right one of two conversations higher.

Besides the order of a pair it learns at every token whether the text has gone wrong by then, as the token-level
verifiers of Cobbe et al. 2021 (arXiv:2110.14168, section 4.2) do: that tells it where to look.
"""

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
TOKEN_WEIGHT = 1.0
LANGUAGE_WEIGHT = 0.5


@dataclass(frozen=True)
class RewardPlan:
    steps: int = 710
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


def after_difference(chosen: torch.Tensor, rejected: torch.Tensor, filler: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Masks (pairs x length) of each side's tokens from the first one in which the two sides differ."""
    different = torch.ne(chosen, rejected).cumsum(dim=1) > 0
    return different & torch.ne(chosen, filler), different & torch.ne(rejected, filler)


def language_loss(model: Any, hidden: torch.Tensor, ids: torch.Tensor, filler: int) -> Any:
    """Loss of the next token of right conversations: it must still be able to answer to tell a wrong answer."""
    wanted = ids[:, 1:]
    learned = torch.ne(wanted, filler)
    logits = functional.linear(hidden[:, :-1][learned], model.model.embed_tokens.weight)
    return functional.cross_entropy(logits, wanted[learned])


def pair_loss(model: Any, ids: torch.Tensor) -> tuple[Any, float]:
    """Bradley-Terry loss on the last tokens plus the tokens' own; and the share of pairs already in the right order."""
    filler = model.config.pad_token_id
    mask = torch.ne(ids, filler)
    hidden = model.model(input_ids=ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
    by_token = model.score(hidden)[..., 0]
    chosen, rejected = by_token.gather(1, mask.sum(dim=1, keepdim=True) - 1)[:, 0].chunk(2)
    order = -functional.logsigmoid(chosen - rejected).mean() + CENTERING * ((chosen + rejected) ** 2).mean()
    right, wrong = after_difference(*ids.chunk(2), filler)
    right_tokens, wrong_tokens = (side[kept] for side, kept in zip(by_token.chunk(2), (right, wrong), strict=True))
    tokens = -functional.logsigmoid(right_tokens).mean() - functional.logsigmoid(-wrong_tokens).mean()
    language = language_loss(model, hidden.chunk(2)[0], ids.chunk(2)[0], filler)
    return order + TOKEN_WEIGHT * tokens / 2 + LANGUAGE_WEIGHT * language, (chosen > rejected).float().mean().item()


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
