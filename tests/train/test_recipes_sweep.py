"""Every recipe that ships reads without a mistake and makes its trainer's config; the list of keys is TRL's own."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smoltalk.catalog import data_folder
from smoltalk.train.recipe import Recipe, read
from smoltalk.train.trl_keys import GONE, KINDS, Kind, keys, version

RECIPES = sorted(data_folder("recipes").glob("*.yaml"))
NAMED = {
    "nano_sft", "nano_dpo", "smollm2_135m_sft", "smollm2_360m_sft", "smollm2_1_7b_sft", "smollm2_135m_dpo",
    "smollm2_360m_dpo", "smollm2_1_7b_dpo", "smollm3_sft", "smollm3_apo", "tulu3_8b_sft", "tulu3_8b_dpo",
}  # fmt: skip
SMOLLM2 = {"lr_scheduler_type": "cosine", "warmup_steps": 0.1, "bf16": True, "gradient_checkpointing": True, "seed": 42}
SMOLLM2_SFT = {**SMOLLM2, "num_train_epochs": 2, "max_length": 8192, "packing": False, "assistant_only_loss": False}
SMOLLM2_DPO = {**SMOLLM2, "learning_rate": 1e-6, "max_length": 1024, "beta": 0.5, "loss_type": ["sigmoid"]}
SMALL = {**SMOLLM2_SFT, "learning_rate": 1e-3}
SMOLLM3 = {
    "lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr_rate": 0.1}, "max_grad_norm": 0.2,
    "bf16": True, "gradient_checkpointing": True, "seed": 42,
}  # fmt: skip
TULU3 = {"lr_scheduler_type": "linear", "weight_decay": 0.0, "bf16": True, "gradient_checkpointing": True}
FACTS: dict[str, tuple[dict[str, Any], int, int]] = {
    # what the sources say, from the project's research: figures of the config, rows a step on so many GPUs
    "smollm2_1_7b_sft": ({**SMOLLM2_SFT, "learning_rate": 3e-4}, 128, 8),
    "smollm2_360m_sft": (SMALL, 128, 8),
    "smollm2_135m_sft": (SMALL, 128, 8),
    "smollm2_1_7b_dpo": ({**SMOLLM2_DPO, "num_train_epochs": 3}, 128, 8),
    "smollm2_360m_dpo": ({**SMOLLM2_DPO, "num_train_epochs": 2}, 128, 8),
    "smollm2_135m_dpo": ({**SMOLLM2_DPO, "num_train_epochs": 2}, 128, 8),
    "smollm3_sft": (
        {
            **SMOLLM3, "learning_rate": 2e-5, "warmup_steps": 0.03, "num_train_epochs": 5, "max_length": 65536,
            "packing": True, "packing_strategy": "bfd", "assistant_only_loss": True,
        }, 128, 64,
    ),
    "smollm3_apo": (
        {
            **SMOLLM3, "learning_rate": 1e-6, "warmup_steps": 0.1, "num_train_epochs": 1, "max_length": 24576,
            "beta": 0.05, "loss_type": ["apo_zero"],
        }, 32, 16,
    ),
    "tulu3_8b_sft": (
        {**TULU3, "learning_rate": 5e-6, "warmup_steps": 0.03, "num_train_epochs": 2, "max_length": 4096}, 128, 8,
    ),
    "tulu3_8b_dpo": (
        {
            **TULU3, "learning_rate": 5e-7, "warmup_steps": 0.1, "num_train_epochs": 1, "max_length": 2048,
            "beta": 5.0, "loss_type": ["sigmoid_norm"],
        }, 128, 8,
    ),
}  # fmt: skip
ROWS = {
    "smollm2_1_7b_sft": ("HuggingFaceTB/smoltalk", "all"),
    "smollm2_360m_sft": ("HuggingFaceTB/smol-smoltalk", None),
    "smollm2_135m_sft": ("HuggingFaceTB/smol-smoltalk", None),
    "smollm2_1_7b_dpo": ("HuggingFaceH4/ultrafeedback_binarized", None),
    "smollm2_360m_dpo": ("HuggingFaceH4/ultrafeedback_binarized", None),
    "smollm2_135m_dpo": ("HuggingFaceH4/ultrafeedback_binarized", None),
    "tulu3_8b_sft": ("allenai/tulu-3-sft-mixture", None),
    "tulu3_8b_dpo": ("allenai/llama-3.1-tulu-3-8b-preference-mixture", None),
}
PARTS = {"magpie_ultra": 50, "OpenHermes": 50, "OpenThoughts3_1.2M_no_think": 40, "multilingual8_Qwen3": 30,
         "OpenThoughts3_1.2M_think": 2}  # fmt: skip
"""Of SmolLM3's splits, the per cent that is taken; of all others, all."""


def kind_of(path: Path) -> Kind:
    return "sft" if path.stem.endswith("_sft") else "reward" if path.stem.endswith("_reward") else "dpo"


@pytest.fixture
def recipe(request: pytest.FixtureRequest, tmp_path: Path) -> Recipe:
    """A recipe as it ships; a run that it names and that nobody made is a file in its place."""
    path: Path = request.param
    rows = tmp_path / "rows.jsonl"
    turn = {"role": "user", "content": "x"}
    rows.write_text(json.dumps({"messages": [turn], "prompt": [turn], "chosen": [turn], "rejected": [turn]}))
    is_local = "\ndata: {run:" in path.read_text(encoding="utf-8")
    return read(kind_of(path), path, {"data": f"{{files: {rows}}}"} if is_local else {})


def test_the_recipes_are_there() -> None:
    assert {path.stem for path in RECIPES} >= NAMED


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem, indirect=True)
def test_a_recipe_says_what_its_source_says(recipe: Recipe) -> None:
    text = recipe.path.read_text(encoding="utf-8")
    assert text.startswith("# "), "a recipe begins with what it is and where its figures are from"
    assert f"recipes/{recipe.path.name}" in text or "nano" in recipe.name
    if recipe.name not in FACTS:
        return
    figures, batch, gpus = FACTS[recipe.name]
    said = recipe.given
    assert {name: said.get(name) for name in figures if name in said} == {n: v for n, v in figures.items() if n in said}
    assert said["per_device_train_batch_size"] * said["gradient_accumulation_steps"] * gpus == batch
    assert f"num_processes {gpus}" in text
    if recipe.name in ROWS:
        data = recipe.ours.data
        assert data is not None
        assert (data.hub, data.config) == ROWS[recipe.name]
        assert data.split != "test_prefs"


def test_smollm3_takes_the_parts_its_authors_took() -> None:
    said = read("sft", data_folder("recipes") / "smollm3_sft.yaml").given["datasets"]
    assert len(said) == 25
    for one in said:
        name, _, part = one["split"].partition("[:")
        wanted = next((share for word, share in PARTS.items() if word in name), 100)
        assert int(part.rstrip("%]") or 100) == wanted, one["split"]
        assert "chat_template_kwargs" in one["columns"]
    pairs = read("dpo", data_folder("recipes") / "smollm3_apo.yaml").given["datasets"]
    assert [one["split"].partition("[:")[2] for one in pairs] == ["50%]", "25%]"]
    assert all("prompt" not in one["columns"] for one in pairs)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem, indirect=True)
def test_trl_takes_a_recipe(recipe: Recipe, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="TRL is not installed")
    from smoltalk.train.configured import config

    here: dict[str, Any] = {"use_cpu": True, "bf16": False, "output_dir": str(tmp_path)}
    built = config(replace(recipe, given={**recipe.given, **here}))
    assert type(built).__name__ == {"sft": "SFTConfig", "dpo": "DPOConfig", "reward": "RewardConfig"}[recipe.kind]
    figures = {name: value for name, value in FACTS.get(recipe.name, ({}, 0, 0))[0].items() if name != "bf16"}
    assert {name: getattr(built, name) for name in figures} == figures
    assert built.max_length == recipe.given["max_length"]


@pytest.mark.parametrize("name", ["zero3", "fsdp"])
def test_accelerate_takes_its_files(name: str) -> None:
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    from accelerate.commands.config.config_args import load_config_from_file

    file = data_folder("recipes") / "accelerate" / f"{name}.yaml"
    assert load_config_from_file(str(file)).mixed_precision == "bf16"
    text = "".join(path.read_text(encoding="utf-8") for path in RECIPES)
    assert all(word.endswith(("zero3.yaml", "fsdp.yaml")) for word in text.split() if "accelerate/" in word)


def test_the_list_of_keys_is_that_of_trl() -> None:
    trl = pytest.importorskip("trl", reason="TRL is not installed")
    import transformers

    from smoltalk.train.trl_listing import LISTED, listing

    listed = json.loads(LISTED.read_text(encoding="utf-8"))
    if (trl.__version__, transformers.__version__) != (version(), listed["transformers"]):
        pytest.skip(f"the list is of TRL {version()} on transformers {listed['transformers']}")
    assert listed == listing()


def test_keys_that_are_gone_are_gone() -> None:
    assert not [name for name in GONE for kind in KINDS if name in keys(kind)]
