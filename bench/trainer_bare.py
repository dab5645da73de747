"""The rival of `smoltalk train`: a script of TRL's own trainer, as its documentation has it, with the same arguments.

`python -m bench.trainer_bare RECIPE TRAIN TEST OUT STEPS`: rows are JSON Lines with `messages`. With 0 steps TRL only
prepares the rows.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from bench.measured import ROOT, report

_OF_THE_MODEL = ("model_name_or_path", "dtype", "attn_implementation")
_OURS = ("data", "from_scratch", "samples")


def main(recipe: Path, train: str, test: str, out: str, steps: int) -> None:
    """Train; report CPU seconds of preparing the rows, of the steps with what is measured on the way, and of all."""
    from datasets import load_dataset
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, set_seed
    from trl import SFTConfig, SFTTrainer

    said: dict[str, Any] = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    model, dtype, attention = (said.pop(name) for name in _OF_THE_MODEL)
    assert model == "nano" and said["from_scratch"], "another model than the one this script begins from"
    for name in _OURS:
        said.pop(name, None)
    args = SFTConfig(**{**said, "max_steps": max(steps, 1), "output_dir": out, "disable_tqdm": True})
    rows = load_dataset("json", data_files={"train": train, "test": test})
    shipped = str(ROOT / "smoltalk" / "nano" / "model")
    set_seed(args.seed)
    shape = AutoConfig.from_pretrained(shipped)
    build: Any = AutoModelForCausalLM
    random = build.from_config(shape, dtype=dtype, attn_implementation=attention)
    began = time.process_time()
    trainer = SFTTrainer(
        model=random, args=args, train_dataset=rows["train"], eval_dataset=rows["test"],
        processing_class=AutoTokenizer.from_pretrained(shipped),
    )  # fmt: skip
    prepared = time.process_time() - began
    began = time.process_time()
    if steps:
        trainer.train()
    seconds = time.process_time() - began
    if steps:
        trainer.save_model(out)
    report(prepared=prepared, steps=seconds, whole=time.process_time())


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
