"""How a model came to be: loss, reward accuracy and margins over the steps, as its trainer wrote them down."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_NAMES = {
    "loss": "loss",
    "eval_loss": "held-out loss",
    "rewards/accuracies": "reward accuracy",
    "eval_rewards/accuracies": "held-out reward accuracy",
    "rewards/margins": "reward margin",
    "eval_rewards/margins": "held-out reward margin",
    "accuracy": "reward accuracy",
    "eval_accuracy": "held-out reward accuracy",
    "margin": "reward margin",
    "eval_margin": "held-out reward margin",
}
"""What TRL's SFT, DPO and reward trainers call them, and what we do."""


@dataclass(frozen=True, slots=True)
class Training:
    """One model's history."""

    name: str
    curves: Mapping[str, Sequence[tuple[float, float]]]
    """By what they show: (step, value)."""


def training(name: str, folder: str | Path | None) -> Training | None:
    """The history in a model's folder: `smoltalk train`'s own, or that of TRL's last checkpoint; None without one."""
    if folder is None or not Path(folder).is_dir():
        return None
    told = _read(Path(folder) / "training.json", "history")
    if told:
        return Training(name, told)
    states = [
        Path(folder) / "trainer_state.json",
        *sorted(Path(folder).glob("checkpoint-*/trainer_state.json"), key=_step),
    ]
    for path in reversed(states):
        if found := _read(path, "log_history"):
            return Training(name, found)
    return None


def _read(path: Path, key: str) -> dict[str, list[tuple[float, float]]]:
    try:
        history = json.loads(path.read_bytes())[key]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    found: dict[str, list[tuple[float, float]]] = {}
    for entry in history if isinstance(history, list) else ():
        for theirs, ours in _NAMES.items():
            value, step = entry.get(theirs), entry.get("step")
            if isinstance(value, int | float) and isinstance(step, int | float):
                found.setdefault(ours, []).append((float(step), float(value)))
    return found


def _step(path: Path) -> int:
    number = path.parent.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0
