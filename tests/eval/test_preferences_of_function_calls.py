"""Pairs with function calls are rated as TRL's own trainer rates them: all that stands behind the prompt counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.eval.naming import models, tasks
from smoltalk.eval.session import evaluate
from tests.eval.calling import calling, moved, pairs

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")


def silent(*_: Any) -> None:
    """Nobody watches."""


@pytest.mark.filterwarnings("ignore")
def test_rewards_are_those_of_trls_own_trainer(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    trl = pytest.importorskip("trl", reason="pip install 'smoltalk-factory[train]'")
    before, some = calling(tmp_path / "before"), pairs(9)
    after, reference, tokenizer = moved(before, tmp_path / "after")
    turns = datasets.List(datasets.Json())
    kinds = {"prompt": turns, "chosen": turns, "rejected": turns, "tools": datasets.Value("string")}
    data = datasets.Dataset.from_list(
        [{**{name: row[name] for name in kinds}, "tools": json.dumps(row["tools"])} for row in some],
        features=datasets.Features(kinds),
    )
    config = trl.DPOConfig(
        output_dir=str(tmp_path / "dpo"), beta=0.2, max_length=1024, use_cpu=True, bf16=False, report_to="none",
        gradient_checkpointing=False, disable_tqdm=True, per_device_eval_batch_size=9,
    )  # fmt: skip
    trainer = trl.DPOTrainer(
        after, reference, args=config, train_dataset=data, eval_dataset=data, processing_class=tokenizer
    )
    theirs = trainer.evaluate()
    whole = [{**row, **{name: [*row["prompt"], *row[name]] for name in ("chosen", "rejected")}} for row in some]
    for row in whole:
        del row["prompt"]
    for name, rows in (("apart", some), ("whole", whole)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        of = tasks([f"preferences: {{data: {file}, reference: {before}, beta: 0.2, device: cpu}}"])
        found = evaluate(models([str(tmp_path / "after")]), of, tmp_path / name, silent)
        accuracy, margin = (found.score("after", "preferences", one) for one in ("accuracy", "margin"))
        assert accuracy and accuracy.estimate.value == pytest.approx(theirs["eval_rewards/accuracies"], abs=1e-6)
        assert margin and margin.estimate.value == pytest.approx(theirs["eval_rewards/margins"], abs=1e-4)


def test_an_engine_that_scores_is_not_given_tools(tmp_path: Path) -> None:
    plain = {"prompt": "What is 2 + 2?", "chosen": "4", "rejected": "A desert."}
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*pairs(3), plain]), encoding="utf-8")
    found = evaluate(models(["nano_reward: {}"]), tasks([f"preferences: {{data: {file}}}"]), tmp_path / "out", silent)
    (left,) = found.left_out
    assert (left.items, left.of) == (3, 4) and "engines that score are not given" in left.why
