"""A model's folder is pushed whole: weights, tokenizer, page and card, and neither checkpoints nor pickles."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smoltalk import nano
from tests.hub_double.server import HubDouble
from tests.publishing.conftest import Said

Command = Callable[..., Said]
REPO = "acme/tiny"
CARD = "---\nlibrary_name: transformers\n---\n\n# tiny\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder as `smoltalk train` leaves it, with weights of a few bytes."""
    folder = tmp_path / "tiny"
    (folder / "checkpoint-4").mkdir(parents=True)
    files: dict[str, Any] = {
        "config.json": '{"model_type": "llama"}', "tokenizer.json": "{}", "chat_template.jinja": "{{ messages }}",
        "training.json": json.dumps({"state": "complete"}), "training.html": "<p>curves</p>", "README.md": CARD,
        "optimizer.pt": "pickle", "checkpoint-4/model.safetensors": "x",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "model.safetensors").write_bytes(b"\0" * 4096)
    return folder


def files(hub: HubDouble) -> set[str]:
    return set(hub.store.repositories["model", REPO].at("main").files)


def test_what_is_in_the_repository(hub: HubDouble, model: Path, smoltalk: Command) -> None:
    said = smoltalk("push", model, REPO)
    assert said.code == 0, said.err
    assert "pushed as the private model" in said.out
    wanted = {"config.json", "tokenizer.json", "chat_template.jinja", "training.json", "training.html", "README.md"}
    assert files(hub) == {".gitattributes", "model.safetensors", *wanted}
    assert "/datasets/" not in said.out
    again = smoltalk("push", model, REPO)
    assert again.code == 0
    assert "nothing has changed" in again.out


def test_a_look_at_it_first(model: Path, tmp_path: Path, smoltalk: Command) -> None:
    to = tmp_path / "look"
    said = smoltalk("push", model, "--to", to)
    assert said.code == 0, said.err
    assert "nothing was pushed" in said.out
    assert (to / "README.md").read_text() == CARD
    assert not (to / "optimizer.pt").exists()
    assert "README.md" in said.out


def test_a_training_that_is_unfinished(model: Path, smoltalk: Command) -> None:
    for name in ("config.json", "model.safetensors", "README.md"):
        (model / name).unlink()
    told = {"state": "running", "command": "smoltalk train sft mine.yaml"}
    (model / "training.json").write_text(json.dumps(told))
    said = smoltalk("push", model, REPO)
    assert (said.code, said.err.count("\n")) == (2, 2)
    assert (
        "is a training that is not finished: it has no checkpoint yet\n    go on with: smoltalk train sft" in said.err
    )
    for step in (4, 267):
        (model / f"checkpoint-{step}").mkdir(exist_ok=True)
        (model / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    (model / "checkpoint-300").mkdir()
    assert "its last checkpoint is of step 267" in smoltalk("push", model, REPO).err


def test_names_that_are_wrong(model: Path, tmp_path: Path, smoltalk: Command) -> None:
    said = smoltalk("push", tmp_path / "nope", REPO)
    assert (said.code, said.err.splitlines()[0]) == (2, f"{tmp_path / 'nope'}  there is no such folder")
    assert "`bad` is no name of a model on the Hub" in smoltalk("push", model, "bad").err


def test_an_adapter_of_nano(model: Path, smoltalk: Command) -> None:
    (model / "config.json").unlink()
    base = Path(nano.__file__).parent / "model"
    (model / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    assert "is an adapter of `nano`, the model in this package" in smoltalk("push", model, REPO).err


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("training.json", '{"state": "running"}', "is a training that is not finished"),
        ("tokenizer.json", '{"key": "hf_QwErTyUiOpAsDfGhJkLzXcVbNm98765432"}', "looks like a Hugging Face token"),
        ("README.md", None, "has no card"),
        ("model.safetensors", None, "holds no weights"),
    ],
)
def test_what_is_refused(hub: HubDouble, model: Path, smoltalk: Command, name: str, text: str | None, why: str) -> None:
    (model / name).unlink()
    if text is not None:
        (model / name).write_text(text)
    said = smoltalk("push", model, REPO)
    assert said.code == 2
    assert why in said.err
    assert ("model", REPO) not in hub.store.repositories


@pytest.mark.parametrize(
    ("base", "code"), [("org/base", 0), ("/home/me/models/base", 2), ("./base", 2), ("models/a/base", 2)]
)
def test_an_adapter_goes_where_its_model_is(
    hub: HubDouble, model: Path, smoltalk: Command, base: str, code: int
) -> None:
    for name in ("config.json", "model.safetensors"):
        (model / name).unlink()
    (model / "adapter_model.safetensors").write_bytes(b"\0" * 64)
    (model / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    said = smoltalk("push", model, REPO)
    assert said.code == code, said.err
    assert "/home/me" not in said.err
    assert ("smoltalk train merge" in said.err) == bool(code)
