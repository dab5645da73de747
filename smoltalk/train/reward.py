"""Reward models: TRL's `RewardTrainer` on pairs; one number for a conversation (Bradley and Terry 1952)."""

from typing import Any

from smoltalk.train.configured import Setting
from smoltalk.train.loading import Rows


def trainer(of: Setting, rows: Rows, callbacks: list[Any]) -> Any:
    """The trainer. A chat model gets a head of random weights that gives the number."""
    from trl import RewardTrainer

    return RewardTrainer(
        model=of.model, args=of.args, train_dataset=rows.train, eval_dataset=rows.test, processing_class=of.tokenizer,
        peft_config=of.peft_config, quantization_config=of.quantization_config, callbacks=callbacks,
    )  # fmt: skip
