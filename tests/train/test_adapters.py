"""LoRA: an adapter learns, its base does not; merged, it is a whole model that training goes on from."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.cli import main
from smoltalk.train.trl_keys import Kind
from tests.train.conftest import Write, pair, talk

pytest.importorskip("trl", reason="TRL is not installed")
pytest.importorskip("peft", reason="peft is not installed")


@pytest.fixture
def adapter(recipe_file: Write, tiny: str, tmp_path: Path) -> Any:
    """Trains an adapter of the tiny model."""

    def make(kind: Kind, **more: Any) -> Path:
        keys = {
            "model_name_or_path": tiny, "max_steps": 2, "max_length": 64, "gradient_checkpointing": False, "samples": 1,
            "per_device_train_batch_size": 4, "learning_rate": 5e-2, "use_peft": True, "lora_r": 4, **more,
        }  # fmt: skip
        path = recipe_file([talk(n) if kind == "sft" else pair(n) for n in range(12)], {"held_out": 4}, **keys)
        assert main(["train", kind, str(path), "--out", str(tmp_path / "adapter")]) == 0
        return tmp_path / "adapter"

    return make


@pytest.mark.parametrize("kind", ["sft", "dpo", "reward"])
def test_only_the_adapter_learns(adapter: Any, kind: Kind, tiny: str) -> None:
    out = adapter(kind)
    results = json.loads((out / "training.json").read_text())
    assert 0 < results["trained_parameters"] < results["parameters"] / 2
    assert results["before"]["loss"] != results["after"]["loss"]
    assert (out / "adapter_model.safetensors").is_file()
    assert not (out / "model.safetensors").exists()
    assert "library_name: peft" in (out / "README.md").read_text()


def test_merged_it_says_what_the_adapter_says(adapter: Any, recipe_file: Write, tiny: str, tmp_path: Path) -> None:
    import torch
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    out, merged = adapter("sft"), tmp_path / "whole"
    bars: Any = logging
    bars.enable_progress_bar()
    assert main(["train", "merge", str(out), "--out", str(merged)]) == 0
    assert not bars.is_progress_bar_enabled()
    ids = torch.arange(20)[None]
    with torch.no_grad():
        base, whole = (AutoModelForCausalLM.from_pretrained(one)(ids).logits for one in (tiny, str(merged)))
        beside = AutoPeftModelForCausalLM.from_pretrained(str(out))(ids).logits
    assert torch.allclose(whole, beside, atol=1e-5)
    assert not torch.allclose(whole, base, atol=1e-3)
    card = (merged / "README.md").read_text()
    assert "library_name: transformers" in card
    assert "which is merged into the weights" in card
    assert "\n# whole\n" in card
    path = recipe_file([pair(n) for n in range(6)], {"held_out": 0}, model_name_or_path=str(merged))
    assert main(["train", "dpo", str(path), "--check"]) == 0
    assert main(["train", "merge", str(out), "--out", str(merged)]) == 2
    assert main(["train", "merge", tiny, "--out", str(tmp_path / "other")]) == 2


def test_modules_that_are_not_there_are_told_at_their_line(
    adapter: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(AssertionError):
        adapter("sft", lora_target_modules=["nope_proj"])
    told = capsys.readouterr().err
    lines = (tmp_path / "recipe.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("lora_target_modules"))
    assert f"recipe.yaml:{line}  lora_target_modules: Target modules" in told


def test_an_adapter_is_no_model_to_begin_with(adapter: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = adapter("sft")
    again = [
        "train",
        "sft",
        str(tmp_path / "recipe.yaml"),
        "--set",
        f"model_name_or_path={out}",
        "--out",
        str(tmp_path / "b"),
    ]
    assert main(again) == 2
    assert "holds an adapter, not a whole model" in capsys.readouterr().err
