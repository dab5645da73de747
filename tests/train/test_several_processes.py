"""Processes that train one model together: they share the work of every step, and write once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smoltalk.cli import main
from tests.train.conftest import Write, talk

pytest.importorskip("trl", reason="TRL is not installed")


def losses(out: Path) -> list[float]:
    history = json.loads((out / "training.json").read_text())["history"]
    return [one["loss"] for one in history if "loss" in one]


@pytest.mark.timeout(900)  # three starts of torch
def test_two_processes_learn_what_one_does(recipe_file: Write, tiny: str, tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "model_name_or_path": tiny, "max_steps": 3, "max_length": 64, "gradient_checkpointing": False,
        "logging_steps": 1, "learning_rate": 5e-3, "per_device_train_batch_size": 4, "samples": 0,
    }  # fmt: skip
    path = recipe_file([talk(n) for n in range(24)], {"held_out": 6}, **keys)
    assert main(["train", "sft", str(path), "--out", str(tmp_path / "one")]) == 0
    two = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "smoltalk",
            "train", "sft", str(path), "--out", str(tmp_path / "two"), "--set", "per_device_train_batch_size=2",
        ],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert two.returncode == 0, two.stderr[-2000:]
    assert two.stdout.count("18 to train on, 6 held out") == 1
    assert "4 rows" in two.stdout
    assert "held-out figures of several processes are means of batches" in two.stdout
    results = [json.loads((tmp_path / name / "training.json").read_text()) for name in ("one", "two")]
    assert [one["processes"] for one in results] == [1, 2]
    assert [len(one["remarks"]) for one in results] == [0, 1]
    assert results[0]["batch"] == results[1]["batch"] == 4
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    assert results[1]["after"]["loss"] == pytest.approx(results[0]["after"]["loss"], abs=1e-2)
    assert not (tmp_path / "two" / "rows").exists()
