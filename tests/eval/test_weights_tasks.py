"""Tasks that look at the weights: held-out loss, and preferences by likelihood."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smoltalk.eval.naming import models, tasks
from smoltalk.eval.session import evaluate

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
