"""Trains the chat model from random weights on conversations drawn as it goes; none is stored."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig

from smoltalk.train.nano.rows import IGNORED, batches
from smoltalk.train.nano.tokenizer import POSITIONS
from smoltalk.train.nano.workers import average_gradients, optimizers, run_workers, set_pace


@dataclass(frozen=True)
class ModelPlan:
    steps: int = 2800
    tokens_per_worker: int = 2048
    workers: int = 3
    seed: int = 0
    muon: float = 0.02
    adam: float = 3e-3
    steady: float = 0.35
    report_every: int = 50
    save_every: int = 200


def configured(tokenizer: Any) -> LlamaConfig:
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=POSITIONS,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config._attn_implementation = "eager"  # sdpa's backward pass is slow on CPU for short rows
    return config


def chat_model_from(folder: Path) -> Any:
    """The chat model as saved, in float32."""
    load: Any = AutoModelForCausalLM.from_pretrained
    return load(folder, dtype=torch.float32, attn_implementation="eager")


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """The folder that transformers and vLLM load, in bfloat16."""
    shipped = deepcopy(model).to(torch.bfloat16)
    build: Any = GenerationConfig
    shipped.generation_config = build(
        eos_token_id=[tokenizer.eos_token_id, tokenizer.pad_token_id],
        pad_token_id=tokenizer.pad_token_id,
        do_sample=True,
        temperature=1.0,
    )
    shipped.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def token_loss(model: Any, ids: torch.Tensor, labels: torch.Tensor) -> Any:
    """Mean loss over the learned tokens; logits are computed for no others."""
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    wanted = labels[:, 1:]
    learned = wanted != IGNORED
    return functional.cross_entropy(model.lm_head(hidden[learned]), wanted[learned])


def _train(rank: int, count: int, folder: Path, plan: ModelPlan) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(plan.seed)
    build: Any = AutoModelForCausalLM.from_config
    model = build(configured(tokenizer)).train()
    parameters = list(model.parameters())
    found = optimizers(model, plan.muon, plan.adam)
    stream = batches(tokenizer, Random(1_000_003 * (plan.seed + 1) + rank), plan.tokens_per_worker)
    started, tokens, losses = time.time(), 0, 0.0
    step = 0
    while step < plan.steps:
        ids, labels = next(stream)
        set_pace(found, step, plan.steps, 50, plan.steady)
        loss = token_loss(model, ids, labels)
        loss.backward()
        average_gradients(parameters, count)
        for optimizer in found:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        tokens += count * ids.numel()
        losses += loss.item()
        step += 1
        if rank == 0 and step % plan.report_every == 0:
            entry = {"step": step, "loss": round(losses / plan.report_every, 4), "tokens": tokens}
            print(json.dumps(entry | {"seconds": round(time.time() - started)}), flush=True)
            losses = 0.0
        if rank == 0 and (step % plan.save_every == 0 or step == plan.steps):
            save(model, tokenizer, folder)
            cost = {"steps": step, "tokens": tokens, "seconds": round(time.time() - started), "workers": count}
            (folder / "training.json").write_text(json.dumps(cost) + "\n", encoding="utf-8")


def train_model(tokenizer: Any, folder: Path, plan: ModelPlan) -> None:
    """Trains and saves into the folder, now and then also on the way, so that a crash costs little."""
    tokenizer.save_pretrained(folder)
    run_workers(plan.workers, _train, folder, plan)
