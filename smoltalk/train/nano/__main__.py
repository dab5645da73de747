"""python -m smoltalk.train.nano [all|model|reward|polish|measure]: makes nano, or one part of it, in place.

The reward model grows out of the chat model as it is before it is polished.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

import smoltalk.nano
from smoltalk.nano.card import write_card
from smoltalk.train.nano.measure import measured
from smoltalk.train.nano.model import ModelPlan, train_model
from smoltalk.train.nano.parity import write_parity
from smoltalk.train.nano.polish import PolishPlan, polish_model
from smoltalk.train.nano.reward import RewardPlan, train_reward
from smoltalk.train.nano.speak import Scorer, Speaker
from smoltalk.train.nano.tokenizer import train_tokenizer

NANO = Path(smoltalk.nano.__file__).parent
PARITY = NANO.parents[1] / "tests" / "golden" / "nano_parity.json"


def measure(nano: Path, parity: Path) -> None:
    speaker, scorer = Speaker(nano / "model"), Scorer(nano / "reward")
    write_parity(speaker, scorer, parity)
    write_card(nano, measured(speaker, scorer), speaker.parameters)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m smoltalk.train.nano", description=__doc__)
    parser.add_argument("part", nargs="?", default="all", choices=["all", "model", "reward", "polish", "measure"])
    parser.add_argument("--workers", type=int, default=3, help="training processes, one thread each")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.workers)
    if arguments.part in ("all", "model"):
        plan = ModelPlan(workers=arguments.workers)
        train_model(train_tokenizer(plan.seed), NANO / "model", plan)
    if arguments.part in ("all", "reward"):
        train_reward(NANO / "model", NANO / "reward", RewardPlan(workers=arguments.workers))
    if arguments.part in ("all", "polish"):
        polish_model(NANO / "model", PolishPlan())
    if arguments.part in ("all", "measure"):
        measure(NANO, PARITY)


if __name__ == "__main__":
    main()
