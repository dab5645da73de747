"""Supervised fine-tuning: TRL's `SFTTrainer` on conversations."""

from typing import Any

from smoltalk.train.configured import Setting
from smoltalk.train.loading import Rows


def trainer(of: Setting, rows: Rows, callbacks: list[Any]) -> Any:
    """The trainer. `chat_template_path` is TRL's to read: it may come with new tokens."""
    from trl import SFTTrainer

    return SFTTrainer(
        model=of.model, args=of.args, train_dataset=rows.train, eval_dataset=rows.test,
        processing_class=None if _brings_tokens(of) else of.tokenizer,
        peft_config=of.peft_config, quantization_config=of.quantization_config, callbacks=callbacks,
    )  # fmt: skip


def _brings_tokens(of: Setting) -> bool:
    """Whether the template is that of another model, whose tokens TRL adds to a tokenizer of its own loading."""
    path = str(of.recipe.value("chat_template_path", None) or "")
    return bool(path) and not path.endswith((".jinja", ".j2")) and not of.recipe.ours.from_scratch
