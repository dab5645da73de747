"""Does the data help? Rows of a real run teach random weights to answer, its pairs which of two answers is right."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.catalog import data_folder
from smoltalk.cli import main
from smoltalk.engines.nano import Nano

pytest.importorskip("trl", reason="TRL is not installed")

GEOGRAPHY = '{geography: {weight: 1, system: "You are a geography teacher."}}'
ONCE = {"samples": 0, "eval_strategy": '"no"', "save_strategy": '"no"'}
"""Nothing but the training; held-out rows are measured before and after it all the same."""

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(900)]


def run(pipeline: str, out: Path, rows: int, **sets: str) -> Path:
    """A shipped pipeline, run for so many rows."""
    given = [f"--set={name}={value}" for name, value in sets.items()]
    assert main(["run", str(data_folder("pipelines") / pipeline), "--rows", str(rows), "--out", str(out), *given]) == 0
    return out


def trained(kind: str, data: dict[str, Any], out: Path, **sets: Any) -> dict[str, Any]:
    """What `smoltalk train` wrote down of nano's recipe on some rows."""
    told = {"data": json.dumps(data), **ONCE, **sets}
    given = [f"--set={name}={value}" for name, value in told.items()]
    assert main(["train", kind, str(data_folder("recipes") / f"nano_{kind}.yaml"), "--out", str(out), *given]) == 0
    found: dict[str, Any] = json.loads((out / "training.json").read_bytes())
    return found


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A shape that learns sooner than nano's: two layers of 128, with nano's tokenizer."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(str(Nano.shipped))
    marks = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    sizes = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4}
    # weights of the usual 0.02 begin too small for so narrow a model: it would take twice the steps
    config = LlamaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=512, tie_word_embeddings=True, initializer_range=0.06,
        **sizes, **marks,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "small")
    tokenizer.save_pretrained(tmp_path / "small")
    return tmp_path / "small"


def test_a_run_teaches_random_weights_to_answer(small: Path, tmp_path: Path) -> None:
    """Of random weights nothing is right. Seen of seeds 0 to 3: losses of 0.45 to 0.55, 26 to 37 of 100 right."""
    rows = run("nano_questions.yaml", tmp_path / "asked", 300, **{"steps.0.magpie.categories": GEOGRAPHY})
    results = trained(
        "sft", {"run": str(rows), "held_out": 40}, tmp_path / "model",
        model_name_or_path=small, learning_rate=5e-3, num_train_epochs=32,
    )  # fmt: skip
    assert results["from_scratch"] and results["data"]["books"]["counts"]["accepted"] == 300
    assert len(results["data"]["books"]["pipeline"]) == 12
    assert results["before"]["loss"] > 7.5, "ln 3,072 is 8.03: every token is about as likely as any other"
    assert results["after"]["loss"] < 2
    task = f"curriculum: {{rows: 100, domains: [geography], not_in: [{rows}]}}"
    assert main(["eval", str(tmp_path / "model"), "--tasks", task, "--out", str(tmp_path / "eval")]) == 0
    scores = json.loads((tmp_path / "eval" / "results.json").read_bytes())["scores"]
    (right,) = [one["estimate"] for one in scores if one["metric"] == "right" and not one["group"]]
    assert right["items"] == 100 and right["value"] > 0.15


def test_pairs_of_a_run_teach_which_answer_is_right(tmp_path: Path) -> None:
    """Nano as it ships, on answers drawn so that it errs. Seen of four seeds: 0.75 to 0.81, margins from 0.44."""
    rows = run("nano_pairs.yaml", tmp_path / "pairs", 120, **{"steps.1.answers.sampling.temperature": "1.8"})
    results = trained("dpo", {"run": str(rows), "held_out": 40}, tmp_path / "model")
    before, after = results["before"], results["after"]
    assert before["rewards/margins"] == pytest.approx(0, abs=1e-3) and before["rewards/accuracies"] < 0.5
    assert after["rewards/accuracies"] > 0.6 and after["rewards/margins"] > 0.15
