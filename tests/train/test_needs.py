"""What a recipe needs beside its rows is missed before anything is imported: packages, and a whole model."""

import importlib.machinery
from pathlib import Path

import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.train import needs
from smoltalk.train.needs import installed, model_there
from smoltalk.train.recipe import read
from tests.train.conftest import Write, talk


def without(monkeypatch: pytest.MonkeyPatch, *gone: str) -> None:
    there = importlib.machinery.ModuleSpec("there", None)
    monkeypatch.setattr(needs, "find_spec", lambda name: None if name in gone else there)


def test_without_torch_it_says_what_to_install(recipe_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "torch", "transformers", "trl")
    with pytest.raises(WorldError) as error:
        installed(read("sft", recipe_file([talk(1)])))
    assert str(error.value) == (
        "training needs torch, transformers, trl, not installed here\n"
        "    go on with: pip install 'smoltalk-factory[train]'"
    )


def test_packages_that_keys_need_are_missed_all_at_once(recipe_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "peft", "bitsandbytes", "wandb", "trackio", "deepspeed")
    keys = {"use_peft": True, "load_in_4bit": True, "report_to": ["wandb", "none"], "deepspeed": "zero3.json"}
    recipe = read("sft", recipe_file([talk(1)], **keys))
    with pytest.raises(UserError) as error:
        installed(recipe)
    told = str(error.value)
    assert [line.partition("  ")[2] for line in told.splitlines()[::2]] == [
        "use_peft: the package `peft` is not installed",
        "load_in_4bit: the package `bitsandbytes` is not installed",
        "report_to: the package `wandb` is not installed",
        "deepspeed: the package `deepspeed` is not installed",
    ]
    assert told.endswith("pip install deepspeed")


def test_keys_that_are_off_need_nothing(recipe_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "peft", "bitsandbytes", "wandb")
    installed(read("sft", recipe_file([talk(1)], use_peft=False, load_in_4bit=False, report_to="none")))


def of_model(recipe_file: Write, name: object) -> str:
    with pytest.raises(UserError) as error:
        model_there(read("sft", recipe_file([talk(1)], model_name_or_path=str(name))))
    assert "recipe.yaml:1  " in str(error.value)
    return str(error.value)


def test_a_folder_that_is_not_there(recipe_file: Write, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert f"there is no model in `{tmp_path}/nine`" in (told := of_model(recipe_file, tmp_path / "nine"))
    assert f"did you mean `{tmp_path}/mine`?" in told
    assert "there is no model in `models/none`" in of_model(recipe_file, "models/none")


def test_a_word_near_nano_is_not_asked_of_the_hub(
    recipe_file: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert "there is no model `nanno`\n    did you mean `nano`?" in of_model(recipe_file, "nanno")
    (tmp_path / "models" / "mine_sft").mkdir(parents=True)
    assert "did you mean `models/mine_sft`?" in of_model(recipe_file, "mine_sft")
    (tmp_path / "cache" / "models--nanno").mkdir(parents=True)
    model_there(read("sft", recipe_file([talk(1)], model_name_or_path="nanno")))


@pytest.mark.parametrize("name", ["gpt2", "org/name"])
def test_offline_only_the_cache_is_asked(
    recipe_file: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert f"there is no model `{name}`: no such folder, and HF_HUB_OFFLINE is set" in of_model(recipe_file, name)
    (tmp_path / "cache" / f"models--{name.replace('/', '--')}").mkdir(parents=True)
    model_there(read("sft", recipe_file([talk(1)], model_name_or_path=name)))


@pytest.mark.parametrize("name", ["nano", "gpt2", "org/name"])
def test_names_on_the_hub_and_nano_are_not_folders(recipe_file: Write, name: str) -> None:
    model_there(read("sft", recipe_file([talk(1)], model_name_or_path=name)))


def test_a_folder_without_a_model(recipe_file: Write, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    assert "holds no model: there is no config.json" in of_model(recipe_file, folder)
    (folder / "adapter_config.json").write_text("{}")
    assert f"smoltalk train merge {folder} --out {folder}_merged" in of_model(recipe_file, folder)
    (folder / "config.json").write_text("{}")
    model_there(read("sft", recipe_file([talk(1)], model_name_or_path=str(folder))))
    (folder / "training.json").write_text('{"state": "running"}')
    assert "is not finished" in of_model(recipe_file, folder)
