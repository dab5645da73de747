"""Training in several one-thread processes that average their gradients: on a busy CPU faster than many threads."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import start_processes

from smoltalk.train.nano.muon import Muon


def run_workers(count: int, work: Callable[..., None], *arguments: Any) -> None:
    """Runs `work(rank, count, *arguments)` in `count` processes and waits for them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), OMP_NUM_THREADS="1")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    start: Any = start_processes
    start(_worker, (count, work, arguments), nprocs=count, start_method="spawn")


def _worker(rank: int, count: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=count)
    work(rank, count, *arguments)
    dist.destroy_process_group()


def average_gradients(parameters: Sequence[nn.Parameter], count: int) -> None:
    """One message for all gradients."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= count
    for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def optimizers(model: nn.Module, muon: float, adam: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and heads."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = parameter.ndim == 2 and "embed" not in name and "score" not in name
        (matrices if inner else others).append(parameter)
    found = [Muon(matrices, lr=muon), torch.optim.AdamW(others, lr=adam, betas=(0.9, 0.95), weight_decay=0.0)]
    for optimizer in found:
        for group in optimizer.param_groups:
            group["full_lr"] = group["lr"]
    return found


def set_pace(found: Sequence[torch.optim.Optimizer], step: int, steps: int, warm_up: int, steady: float) -> None:
    """Linear warm-up, full speed for the `steady` share of the steps, then linearly down."""
    done = step / steps
    scale = min(1.0, (step + 1) / warm_up) * (1.0 if done < steady else max(0.01, (1 - done) / (1 - steady)))
    for optimizer in found:
        for group in optimizer.param_groups:
            group["lr"] = group["full_lr"] * scale
