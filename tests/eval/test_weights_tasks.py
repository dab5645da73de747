"""Tasks that look at the weights: held-out loss, and preferences by likelihood."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smoltalk.eval.naming import models, tasks
from smoltalk.eval.session import evaluate
from tests.eval.calling import moved

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")


def silent(*_: Any) -> None:
    """Nobody watches."""


def test_loss_of_a_split_of_a_mixture(tmp_path: Path) -> None:
    from smoltalk.nano.dialogues import items, turns

    rng = Random(5)
    for split, n in (("train", 3), ("test", 8)):
        rows = [{"id": f"{split}{i}", "messages": turns(items(rng)), "source": "ab"[i % 2]} for i in range(n)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{split}-00000.jsonl").write_text(text, encoding="utf-8")
    of = tasks([f"loss: {{data: {tmp_path}, split: test, group: source}}"])
    found = evaluate(models(["nano"]), of, tmp_path / "out", silent)
    loss, byte = found.score("nano", "loss", "loss"), found.score("nano", "loss", "loss of a byte")
    assert (
        loss and byte and loss.estimate.items == 8 and loss.lower and 0 < byte.estimate.value < loss.estimate.value < 1
    )
    assert found.score("nano", "loss", "loss", "a")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("of", ["assistant", "all"])
def test_loss_is_that_of_trls_own_trainer(tmp_path: Path, of: str) -> None:
    """In one batch: over several, TRL averages the batches' means, whatever they hold."""
    datasets = pytest.importorskip("datasets")
    trl = pytest.importorskip("trl", reason="pip install 'smoltalk-factory[train]'")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from smoltalk.engines.nano import Nano
    from smoltalk.nano.dialogues import items, turns

    rng, before = Random(3), str(Nano.shipped)
    rows = [{"messages": turns(items(rng))} for _ in range(16)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = trl.SFTConfig(
        output_dir=str(tmp_path / "sft"), assistant_only_loss=of == "assistant", max_length=1024, use_cpu=True,
        bf16=False, report_to="none", gradient_checkpointing=False, disable_tqdm=True, per_device_eval_batch_size=16,
    )  # fmt: skip
    data = datasets.Dataset.from_list(rows)
    trainer = trl.SFTTrainer(
        AutoModelForCausalLM.from_pretrained(before, dtype="float32"), args=config, train_dataset=data,
        eval_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(before),
    )  # fmt: skip
    theirs = trainer.evaluate()["eval_loss"]
    task = f"loss: {{data: {tmp_path / 'rows.jsonl'}, of: {of}, device: cpu}}"
    loss = evaluate(models(["nano"]), tasks([task]), tmp_path / "out", silent).score("nano", "loss", "loss")
    assert loss and loss.estimate.value == pytest.approx(theirs, abs=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_rewards_are_those_of_trls_own_trainer(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    trl = pytest.importorskip("trl", reason="pip install 'smoltalk-factory[train]'")
    from smoltalk.engines.nano import Nano
    from smoltalk.nano.pairs import pairs

    before = str(Nano.shipped)
    after, reference, tokenizer = moved(before, tmp_path / "after")
    drawn, rows = pairs(Random(3), held_out=True), []
    for pair in (next(drawn) for _ in range(12)):
        turn = next(i for i, (a, b) in enumerate(zip(pair.chosen, pair.rejected, strict=True)) if a != b)
        chosen, rejected = pair.chosen[turn : turn + 1], pair.rejected[turn : turn + 1]
        rows.append({"prompt": pair.chosen[:turn], "chosen": chosen, "rejected": rejected})
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = trl.DPOConfig(
        output_dir=str(tmp_path / "dpo"), beta=0.2, max_length=512, use_cpu=True, bf16=False, report_to="none",
        gradient_checkpointing=False, disable_tqdm=True, per_device_eval_batch_size=12,
    )  # fmt: skip
    data = datasets.Dataset.from_list(rows)
    trainer = trl.DPOTrainer(
        after, reference, args=config, train_dataset=data, eval_dataset=data, processing_class=tokenizer
    )
    theirs = trainer.evaluate()
    fields = f"data: {tmp_path / 'pairs.jsonl'}, reference: {before}, beta: 0.2, device: cpu"
    found = evaluate(models([str(tmp_path / "after")]), tasks([f"preferences: {{{fields}}}"]), tmp_path / "out", silent)
    accuracy, margin = (found.score("after", "preferences", name) for name in ("accuracy", "margin"))
    assert accuracy and accuracy.estimate.value == pytest.approx(theirs["eval_rewards/accuracies"], abs=1e-6)
    assert margin and margin.estimate.value == pytest.approx(theirs["eval_rewards/margins"], abs=1e-4)


def test_preferences_by_likelihood_and_against_a_reference(tmp_path: Path) -> None:
    from smoltalk.nano.pairs import pairs

    drawn = pairs(Random(3), held_out=True)
    some = [next(drawn) for _ in range(16)]
    rows = [{"chosen": pair.chosen, "rejected": pair.rejected} for pair in some]
    data = tmp_path / "pairs.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    reference = models(["nano"])[0].weights
    of = tasks([f"preferences: {{data: {data}}}", f"preferences: {{data: {data}, reference: {reference}}}"])
    found = evaluate(models(["nano"]), of, tmp_path / "out", silent)
    plain, same = found.score("nano", "preferences", "accuracy"), found.score("nano", "preferences-2", "accuracy")
    assert plain and plain.estimate.value > 0.7
    assert same and same.estimate.value == 0.5, "a model has learnt nothing over itself: every pair is a tie"
