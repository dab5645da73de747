"""Preference optimisation: TRL's `DPOTrainer` on pairs; APO, IPO and the like are its `loss_type`."""

from typing import Any

from smoltalk.train.configured import Setting
from smoltalk.train.loading import Rows


def trainer(of: Setting, rows: Rows, callbacks: list[Any]) -> Any:
    """The trainer. Its reference is the model it starts from."""
    from trl import DPOTrainer

    return DPOTrainer(
        model=of.model, args=of.args, train_dataset=rows.train, eval_dataset=rows.test, processing_class=of.tokenizer,
        peft_config=of.peft_config, quantization_config=of.quantization_config, callbacks=callbacks,
    )  # fmt: skip
