"""A loss that was broken off goes on: batches that were weighed are kept, and the figures are those of one call."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smoltalk.eval.naming import models, tasks
from smoltalk.eval.results import Results
from smoltalk.eval.session import evaluate
from tests.processes import LONGEST, until

torch: Any = pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")

from smoltalk.train.losses import CausalModel  # noqa: E402

KILLED = """\
import sys
import threading
from pathlib import Path

import torch

torch.set_num_threads(1)

from smoltalk.eval.naming import models, tasks
from smoltalk.eval.session import evaluate
from smoltalk.train.losses import CausalModel

weighed, really = [], CausalModel._nats

def stuck(self, batch):
    weighed.append(batch)
    if len(weighed) == 4:
        threading.Event().wait()
    return really(self, batch)

CausalModel._nats = stuck
evaluate(models(["nano"]), tasks([sys.argv[1]]), Path(sys.argv[2]), lambda *said: None)
"""


def silent(*_: Any) -> None:
    """Nobody watches."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """More conversations than are weighed in a block."""
    from smoltalk.nano.dialogues import items, turns

    rng = Random(5)
    some = [{"id": f"r{n}", "messages": turns(items(rng))} for n in range(150)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    return path


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that go through the model."""
    sizes, really = list[int](), CausalModel._nats

    def nats(self: CausalModel, batch: Any) -> list[float]:
        sizes.append(len(batch))
        return really(self, batch)

    monkeypatch.setattr(CausalModel, "_nats", nats)
    return sizes


def figures(found: Results, out: Path) -> tuple[Any, str]:
    return found.scores, (out / "items.jsonl").read_text(encoding="utf-8")


def test_a_killed_call_goes_on_to_the_same_figures(tmp_path: Path, data: Path, counted: list[int]) -> None:
    task, out = f"loss: {{data: {data}, device: cpu}}", tmp_path / "killed"
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    child = subprocess.Popen([sys.executable, str(script), task, str(out)], env={**os.environ, "PYTHONPATH": path})
    replies = out / "replies.jsonl"
    try:
        assert until(lambda: replies.exists() and replies.read_bytes().count(b"\n") == 3)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(LONGEST)
    with replies.open("ab") as file:
        file.write(b'{"key": "cut sho')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        again = evaluate(models(["nano"]), tasks([task]), out, silent)
        went_on = list(counted)
        counted.clear()
        whole = evaluate(models(["nano"]), tasks([task]), tmp_path / "whole", silent)
    finally:
        torch.set_num_threads(threads)
    assert figures(again, out) == figures(whole, tmp_path / "whole"), "to the last digit"
    assert len(went_on) == len(counted) - 3 and sum(counted) == 150
    assert again.kept == 150 - sum(went_on) > 0 and whole.kept == 0
    counted.clear()
    assert evaluate(models(["nano"]), tasks([task]), out, silent).kept == 150 and not counted


def test_what_is_kept_is_of_one_model_and_of_what_counts(tmp_path: Path, data: Path, counted: list[int]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from smoltalk.engines.nano import Nano

    model: Any = AutoModelForCausalLM.from_pretrained(str(Nano.shipped), dtype=torch.float32)
    AutoTokenizer.from_pretrained(str(Nano.shipped)).save_pretrained(tmp_path / "mine")
    model.save_pretrained(tmp_path / "mine")
    task = f"loss: {{data: {data}, device: cpu, limit: 4}}"

    def weighed(of: str = task, given: str = str(tmp_path / "mine")) -> int:
        counted.clear()
        evaluate(models([given]), tasks([of]), tmp_path / "out", silent)
        return sum(counted)

    assert weighed() == 4
    assert weighed(given="nano") == 0, "the same weights, wherever they lie"
    assert weighed(task.replace("loss: {", "loss: {of: all, ")) == 4
    with torch.no_grad():
        next(model.parameters())[5, 5] += 1e-3
    model.save_pretrained(tmp_path / "mine")
    assert weighed() == 4, "trained anew into the same folder"
    assert weighed() == 0


def test_pairs_are_kept_as_well_with_what_is_no_number(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [{"role": "user", "content": "What is 2 + 2?"}]
    data = tmp_path / "pairs.jsonl"
    data.write_text(json.dumps({"prompt": asked, "chosen": "4", "rejected": "A desert."}) + "\n", encoding="utf-8")
    task = [f"preferences: {{data: {data}, device: cpu}}"]
    really = CausalModel._nats
    with monkeypatch.context() as patched:
        patched.setattr(CausalModel, "_nats", lambda self, batch: [float("nan"), *really(self, batch)[1:]])
        first = evaluate(models(["nano"]), tasks(task), tmp_path / "out", silent)
    counted.clear()
    again = evaluate(models(["nano"]), tasks(task), tmp_path / "out", silent)
    assert not counted and again.kept == 2
    assert [one.items for one in again.left_out] == [one.items for one in first.left_out] == [1]
