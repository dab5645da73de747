"""Writes the figures and the model card that shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from transformers import AutoTokenizer

from smoltalk.nano.curriculum import FOLLOW_UPS, TASKS
from smoltalk.nano.world import DOMAINS
from smoltalk.train.nano.measure import Figures
from smoltalk.train.nano.speak import Speaker

TEMPLATE = Path(__file__).with_name("card.md.j2")


def sizes(nano: Path, speaker: Speaker) -> dict[str, int]:
    return {
        "parameters": sum(parameter.numel() for parameter in speaker.model.parameters()),
        "vocabulary": len(AutoTokenizer.from_pretrained(nano / "model")),
        "model_bytes": (nano / "model" / "model.safetensors").stat().st_size,
        "reward_bytes": (nano / "reward" / "model.safetensors").stat().st_size,
        "tasks": len(TASKS),
        "follow_ups": len(FOLLOW_UPS),
        "domains": len(DOMAINS),
    }


def costs(nano: Path) -> dict[str, Any]:
    return {name: json.loads((nano / name / "training.json").read_text()) for name in ("model", "reward")}


def write_card(nano: Path, size: dict[str, int], cost: dict[str, Any], figures: Figures) -> None:
    """measured.json with every figure, and README.md rendered from it."""
    found = {"size": size, "cost": cost, "figures": figures}
    (nano / "measured.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(size=size, cost=cost, f=figures)
    (nano / "README.md").write_text(page, encoding="utf-8")
