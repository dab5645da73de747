"""Muon in float32, shared out among the workers: many CPUs are slow at the bfloat16 of torch's own Muon."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist

_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


def orthogonalized(matrix: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz: the matrix with all its singular values brought near one."""
    tall = matrix.shape[0] > matrix.shape[1]
    x: torch.Tensor = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    a, b, c = _QUINTIC
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalized. Each worker does its share of the matrices; a sum spreads them."""

    def __init__(self, parameters: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        rank, count = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        for group in self.param_groups:
            parameters: list[torch.Tensor] = group["params"]
            mine = range(rank, len(parameters), count)
            updates = torch.zeros(sum(p.numel() for p in parameters))
            shares = _views(updates, parameters)
            for i, (parameter, update) in enumerate(zip(parameters, shares, strict=True)):
                gradient = self._with_momentum(parameter, group["momentum"])
                if i in mine:
                    update.copy_(orthogonalized(gradient) * max(1.0, gradient.shape[0] / gradient.shape[1]) ** 0.5)
            if count > 1:
                dist.all_reduce(updates)
            for parameter, update in zip(parameters, shares, strict=True):
                parameter.mul_(1 - group["lr"] * group["decay"]).add_(update, alpha=-group["lr"])

    def _with_momentum(self, parameter: torch.Tensor, momentum: float) -> torch.Tensor:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if "average" not in state:
            state["average"] = torch.zeros_like(gradient)
        state["average"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(state["average"], momentum)


def _views(flat: torch.Tensor, like: list[torch.Tensor]) -> list[torch.Tensor]:
    parts = torch.split(flat, [p.numel() for p in like])
    return [part.view_as(p) for part, p in zip(parts, like, strict=True)]
