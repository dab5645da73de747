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
FACTS = {
    # what the sources say, from the project's research: learning rate, epochs, length, rows a step on the GPUs named
    "smollm2_1_7b_sft": (3e-4, 2, 8192, 128, 8),
    "smollm2_360m_sft": (1e-3, 2, 8192, 128, 8),
    "smollm2_135m_sft": (1e-3, 2, 8192, 128, 8),
    "smollm2_1_7b_dpo": (1e-6, 3, 1024, 128, 8),
    "smollm2_360m_dpo": (1e-6, 2, 1024, 128, 8),
    "smollm2_135m_dpo": (1e-6, 2, 1024, 128, 8),
    "smollm3_sft": (2e-5, 5, 65536, 128, 64),
    "smollm3_apo": (1e-6, 1, 24576, 32, 16),
    "tulu3_8b_sft": (5e-6, 2, 4096, 128, 8),
    "tulu3_8b_dpo": (5e-7, 1, 2048, 128, 8),
}


def kind_of(path: Path) -> Kind:
    return "sft" if path.stem.endswith("_sft") else "reward" if path.stem.endswith("_reward") else "dpo"


@pytest.fixture
def recipe(request: pytest.FixtureRequest, tmp_path: Path) -> Recipe:
    """A recipe as it ships; a run that it names and that nobody made is a file in its place."""
    path: Path = request.param
    rows = tmp_path / "rows.jsonl"
    turn = {"role": "user", "content": "x"}
    rows.write_text(json.dumps({"messages": [turn], "prompt": [turn], "chosen": [turn], "rejected": [turn]}))
    is_local = "data: {run:" in path.read_text(encoding="utf-8")
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
    rate, epochs, length, batch, gpus = FACTS[recipe.name]
    said = recipe.given
    assert (said["learning_rate"], said["num_train_epochs"], said["max_length"]) == (rate, epochs, length)
    assert said["per_device_train_batch_size"] * said["gradient_accumulation_steps"] * gpus == batch
    assert f"num_processes {gpus}" in text


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem, indirect=True)
def test_trl_takes_a_recipe(recipe: Recipe, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="TRL is not installed")
    from smoltalk.train.configured import config

    here: dict[str, Any] = {"use_cpu": True, "bf16": False, "output_dir": str(tmp_path)}
    built = config(replace(recipe, given={**recipe.given, **here}))
    assert type(built).__name__ == {"sft": "SFTConfig", "dpo": "DPOConfig", "reward": "RewardConfig"}[recipe.kind]
    assert built.learning_rate == recipe.given["learning_rate"]
    assert built.max_length == recipe.given["max_length"]


def test_the_list_of_keys_is_that_of_trl() -> None:
    trl = pytest.importorskip("trl", reason="TRL is not installed")
    if trl.__version__ != version():
        pytest.skip(f"the list is of TRL {version()}")
    from smoltalk.train.trl_listing import LISTED, listing

    assert json.loads(LISTED.read_text(encoding="utf-8")) == listing()


def test_keys_that_are_gone_are_gone() -> None:
    assert not [name for name in GONE for kind in KINDS if name in keys(kind)]
