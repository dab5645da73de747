"""A training that was stopped goes on: from a whole checkpoint, with what may change, and never with other rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.train import memory
from smoltalk.train.processes import alone
from smoltalk.train.recipe import Recipe, read
from smoltalk.train.results import FILE, last_checkpoint, usable
from smoltalk.train.trl_keys import Kind
from tests.train.conftest import Write, pair, talk

watching = pytest.importorskip("smoltalk.train.watching", reason="TRL is not installed")
Request, stopping_politely = watching.Request, watching.stopping_politely

Begun = Callable[..., Recipe]


def checkpoint(out: Path, step: int, state: str = '{"global_step": 1}') -> Path:
    folder = out / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(state)
    return folder


@pytest.fixture
def begun(recipe_file: Write, tmp_path: Path) -> Begun:
    """A recipe whose training in `out` was begun with other keys."""
    from smoltalk.train import results

    def make(was: dict[str, Any], now: dict[str, Any], kind: Kind = "sft", state: str = "running") -> Recipe:
        rows = [talk(n) if kind == "sft" else pair(n) for n in range(4)]
        first = read(kind, recipe_file(rows, **was), out=tmp_path / "out")
        (tmp_path / "out").mkdir()
        told = {"state": state, "kind": kind, "from_scratch": False, "recipe": results._told(first)}
        (tmp_path / "out" / FILE).write_bytes(orjson.dumps(told))
        return read(kind, recipe_file(rows, **now), out=tmp_path / "out")

    return make


def test_half_a_checkpoint_is_passed_over(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    whole = checkpoint(tmp_path, 9)
    checkpoint(tmp_path, 10, state="")
    (tmp_path / "checkpoint-11").mkdir()
    checkpoint(tmp_path, 12, state='{"global_')
    (tmp_path / "checkpoint-best").mkdir()
    assert last_checkpoint(tmp_path) == whole


def test_half_the_batch_with_twice_the_steps_goes_on(begun: Begun) -> None:
    batch, steps = "per_device_train_batch_size", "gradient_accumulation_steps"
    recipe = begun({batch: 8}, {batch: 4, steps: 2})
    checkpoint(recipe.out, 5)
    assert usable(recipe) is not None


def test_another_batch_does_not(begun: Begun) -> None:
    recipe = begun({"per_device_train_batch_size": 8}, {"per_device_train_batch_size": 4})
    checkpoint(recipe.out, 5)
    with pytest.raises(UserError, match="another `per_device_train_batch_size`"):
        usable(recipe)


def test_without_a_checkpoint_another_recipe_begins_anew(begun: Begun) -> None:
    recipe = begun({"max_length": 512}, {"max_length": 256})
    assert usable(recipe) is None
    checkpoint(recipe.out, 5)
    with pytest.raises(UserError, match="another `max_length`"):
        usable(recipe)


def test_a_complete_model_is_of_its_rows(begun: Begun) -> None:
    recipe = begun({}, {}, state="complete")
    assert usable(recipe) is not None
    recipe = read("sft", recipe.path, {"data.held_out": "3"}, recipe.out)
    with pytest.raises(UserError, match="another `data`"):
        usable(recipe)


@pytest.mark.parametrize("kind", ["sft", "dpo", "reward"])
@pytest.mark.parametrize("batch", [2, 3, 5, 8, 12])
def test_what_is_said_to_learn_the_same_may_be_changed_on_the_way(begun: Begun, kind: Kind, batch: int) -> None:
    recipe = begun({"per_device_train_batch_size": batch}, {"per_device_train_batch_size": batch}, kind)
    checkpoint(recipe.out, 5)
    for line in memory.advice(recipe):
        if "learns the same" not in line:
            continue
        sets = dict(word.split("=") for word in line.partition("  (")[0].split() if "=" in word)
        assert usable(read(kind, recipe.path, sets, recipe.out)) is not None, line


def test_one_training_a_folder(tmp_path: Path) -> None:
    with alone(tmp_path / "out", "smoltalk train"):
        (tmp_path / "out" / "x").touch()
        with pytest.raises(WorldError, match="another training is at work"), alone(tmp_path / "out", "smoltalk train"):
            pass
    with alone(tmp_path / "out", "smoltalk train"):
        pass


def test_a_folder_that_nothing_was_written_to_goes(tmp_path: Path) -> None:
    with pytest.raises(KeyError), alone(tmp_path / "out", "x"):
        (tmp_path / "out" / "rows" / "0").mkdir(parents=True)
        raise KeyError
    assert not (tmp_path / "out").exists()


def test_a_second_signal_ends_a_process_that_is_alone() -> None:
    import signal

    request = Request()
    with stopping_politely(request, lambda line: None, alone=False):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert request.made
    with pytest.raises(KeyboardInterrupt), stopping_politely(Request(), lambda line: None):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)


def test_what_is_kept_of_a_recipe_holds_no_secret_and_loses_nothing_else(recipe_file: Write, tmp_path: Path) -> None:
    from smoltalk.train.results import _told

    token = "hf_" + "a1B2" * 8
    keys = {"run_name": token, "eos_token": "<|im_end|>", "model_init_kwargs": {"token": token, "use_kernels": True}}
    recipe = read("sft", recipe_file([talk(1)], {"held_out": 3}, **keys), out=tmp_path / "out")
    told = _told(recipe)
    assert token not in json.dumps(told)
    assert str(tmp_path) not in json.dumps(told)
    assert told["eos_token"] == "<|im_end|>"
    assert told["model_init_kwargs"]["use_kernels"] is True
    assert told["data"] == {"files": "rows.jsonl", "held_out": 3}
