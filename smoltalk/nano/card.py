"""The model card: measured figures in, one Markdown page out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from smoltalk.nano.curriculum import FOLLOW_UPS, TASKS
from smoltalk.nano.world import DOMAINS

TEMPLATE = Path(__file__).with_name("card.md.j2")


def sizes(nano: Path) -> dict[str, int]:
    config = json.loads((nano / "model" / "config.json").read_text(encoding="utf-8"))
    return {
        "vocabulary": config["vocab_size"],
        "model_bytes": (nano / "model" / "model.safetensors").stat().st_size,
        "reward_bytes": (nano / "reward" / "model.safetensors").stat().st_size,
        "tasks": len(TASKS),
        "follow_ups": len({follow_up.task.name for follow_up in FOLLOW_UPS}),
        "domains": len(DOMAINS),
    }


def costs(nano: Path) -> dict[str, Any]:
    """What training wrote down about itself beside the weights."""
    parts = ("model", "reward")
    return {part: json.loads((nano / part / "training.json").read_text(encoding="utf-8")) for part in parts}


def write_card(nano: Path, figures: dict[str, Any], parameters: int) -> None:
    """`measured.json` with every figure, and `README.md` rendered from it."""
    found = {"size": {"parameters": parameters, **sizes(nano)}, "cost": costs(nano), "figures": figures}
    (nano / "measured.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    (nano / "README.md").write_text(page.render(size=found["size"], cost=found["cost"], f=figures), encoding="utf-8")
