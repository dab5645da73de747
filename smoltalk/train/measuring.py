"""Figures of a model and its training: what is counted, what is measured on held-out rows, what was logged."""

from math import isfinite
from typing import Any

_PASSED_OVER = ("runtime", "per_second", "epoch", "num_tokens", "num_input_tokens", "_time", "total_flos")


def parameters(model: Any) -> dict[str, int]:
    """How many there are, and how many are trained; DeepSpeed leaves a process a part, or none, of each."""
    sizes = [(getattr(one, "ds_numel", one.numel()), one.requires_grad) for one in model.parameters()]
    return {"parameters": sum(n for n, _ in sizes), "trained_parameters": sum(n for n, learns in sizes if learns)}


def held_out(metrics: dict[str, Any]) -> dict[str, float]:
    """What TRL measured, under its names without `eval_`."""
    return {
        name.removeprefix("eval_"): float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and isfinite(value) and not any(word in name for word in _PASSED_OVER)
    }


def history(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was logged, without what is no figure of learning."""
    passed_over = set(_PASSED_OVER) - {"epoch"}
    return [
        {name: value for name, value in one.items() if not any(word in name for word in passed_over)}
        for one in logged
        if "train_runtime" not in one
    ]


def diverged(logged: list[dict[str, Any]]) -> list[str]:
    """What to say of a loss that is no number any more."""
    steps = [one["step"] for one in logged if not isfinite(one.get("loss", 0.0))]
    return [f"the loss is no number at step {steps[0]:,}: a lower learning_rate may keep it one"] if steps else []
