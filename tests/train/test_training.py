"""Training whole, on a one-layer model: what is written and told, how it goes on, what is said when memory ends."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smoltalk.cli import main
from smoltalk.errors import UserError, WorldError
from smoltalk.train.recipe import Recipe, read
from smoltalk.train.trl_keys import Kind
from tests.train.conftest import Write, pair, said, talk

pytest.importorskip("trl", reason="TRL is not installed")

from smoltalk.train import session
from smoltalk.train.session import Interrupted, train

STEPS = 4
ONE = {
    "max_steps": STEPS, "per_device_train_batch_size": 4, "max_length": 64, "gradient_checkpointing": False,
    "logging_steps": 1, "learning_rate": 5e-3,
}  # fmt: skip


@pytest.fixture
def recipe(recipe_file: Write, tiny: str, tmp_path: Path) -> Callable[..., Recipe]:
    """A recipe of a few steps on the tiny model."""

    def make(kind: Kind, **said: Any) -> Recipe:
        rows = [talk(n) if kind == "sft" else pair(n) for n in range(24)]
        keys = {"model_name_or_path": tiny, **ONE, **said}
        return read(kind, recipe_file(rows, {"held_out": 6}, samples=2, **keys), out=tmp_path / "out")

    return make


def trained(recipe: Recipe) -> dict[str, Any]:
    return train(recipe, lambda line: None, lambda looked: None, "the same")[0]


@pytest.mark.parametrize(("kind", "figure"), [("sft", "loss"), ("dpo", "rewards/accuracies"), ("reward", "accuracy")])
def test_what_is_written(recipe: Callable[..., Recipe], kind: Kind, figure: str) -> None:
    made = recipe(kind)
    results = trained(made)
    assert results["state"] == "complete"
    assert results["steps"] == STEPS
    assert results["name"] == "out", "a model is called as its folder is"
    assert figure in results["before"]
    assert figure in results["after"]
    assert len([one for one in results["history"] if "loss" in one]) == STEPS
    assert all("before" in one and "after" in one for one in results["samples"])
    there = {path.name for path in made.out.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "training.json"} <= there
    assert "rows" not in there
    assert (made.out / f"checkpoint-{STEPS}").is_dir()
    assert not list(made.out.rglob("training_args.bin")), "a pickle that may hold a token"
    assert str(made.out) not in (made.out / "training.json").read_text()


def test_a_finished_training_is_left_alone(recipe: Callable[..., Recipe]) -> None:
    made = recipe("sft")
    trained(made)
    before = (made.out / "model.safetensors").stat().st_mtime_ns
    assert train(made, lambda line: None, lambda looked: None, "")[1]
    assert (made.out / "model.safetensors").stat().st_mtime_ns == before


def test_another_recipe_does_not_go_on(recipe: Callable[..., Recipe]) -> None:
    trained(recipe("sft"))
    with pytest.raises(UserError, match="holds a training with another `learning_rate`"):
        trained(recipe("sft", learning_rate=1e-4))


def test_a_folder_of_somebody_else(recipe: Callable[..., Recipe]) -> None:
    made = recipe("sft")
    made.out.mkdir()
    (made.out / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="is not empty and holds no training of ours"):
        trained(made)


def test_interrupted_it_goes_on_where_it_was(recipe: Callable[..., Recipe]) -> None:
    whole = recipe("sft")
    expected = trained(whole)
    whole.out.rename(whole.out.with_name("whole"))
    made = recipe("sft")

    told = []

    def stop(line: str) -> None:
        told.append(line)
        if line.startswith("step 2 of") and not any("stopping" in one for one in told):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match=r"stopped at step 2 of 4; .*checkpoint-2\n    go on with: the same"):
        train(made, stop, lambda looked: None, "the same")
    left = json.loads((made.out / "training.json").read_text())
    assert (left["state"], left["command"]) == ("running", "the same")
    assert not (made.out / "README.md").exists()
    results = trained(made)
    assert "command" not in json.loads((made.out / "training.json").read_text())
    assert results["resumed"]
    assert results["steps"] == STEPS
    assert results["before"] == expected["before"]
    assert results["after"] == pytest.approx(expected["after"], abs=1e-5)
    assert [one["step"] for one in results["history"] if "loss" in one] == [1, 2, 3, 4]


def test_memory_that_ends_says_what_to_lower(recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(session, "_trained", full)
    with pytest.raises(WorldError) as error:
        trained(recipe("dpo", max_length=512))
    text = str(error.value)
    assert "memory ran out" in text
    assert "--set per_device_train_batch_size=2 --set gradient_accumulation_steps=2" in text
    assert "--set precompute_ref_log_probs=true" in text
    assert "--set max_length=256" in text
    assert "go on with: the same" in text


TOOLS = """\
{%- if tools %}{{ '<|im_start|>system\\n' + tools | tojson + '<|im_end|>\\n' }}{% endif %}
{%- for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}
{%- if message.tool_calls %}{{ message.tool_calls | tojson }}{% endif %}{{ '<|im_end|>' }}{% endgeneration %}
{%- else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}
{%- endfor %}"""


def test_calls_of_tools_are_learned(recipe_file: Write, tiny: str, tmp_path: Path) -> None:
    template = tmp_path / "tools.jinja"
    template.write_text(TOOLS)
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    calls = [{"type": "function", "function": {"name": "look", "arguments": {"at": 1}}}]
    asks = {**said("assistant", ""), "tool_calls": calls}
    talks = [[said("user", f"Look at {n}."), asks, said("tool", f"{n}"), said("assistant", f"It is {n}.")]
             for n in range(8)]  # fmt: skip
    keys = {
        **ONE, "model_name_or_path": tiny, "max_length": 256, "max_steps": 1, "assistant_only_loss": True, "samples": 0,
        "chat_template_path": str(template),
    }  # fmt: skip
    rows = [{"messages": turns, "tools": [tool]} for turns in talks]
    made = read("sft", recipe_file(rows, {"held_out": 2}, **keys), out=tmp_path / "out")
    results = trained(made)
    data = results["data"]
    answer = len("It is 0.")
    assert data["learned"] > data["rows"] * answer * 2, "the calls are learned, not the answers alone"
    assert (made.out / "chat_template.jinja").read_text() == TOOLS


class SafetensorError(Exception):
    """As safetensors raises it: of no kind that Python knows."""


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:858] . PytorchStreamWriter failed writing file data/0"),
    ],
)
def test_a_full_disk_is_not_a_fault_of_ours(
    recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(session, "_trained", full)
    with pytest.raises(WorldError, match=r"(?i)no space left|cannot be written") as told:
        trained(recipe("sft"))
    assert "kept: nothing yet; `save_steps` says" in str(told.value)
    assert "go on with: the same" in str(told.value)


def test_bf16_without_a_gpu_says_what_to_set(recipe: Callable[..., Recipe]) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match="`use_cpu: true` and `bf16: false`"):
        trained(recipe("sft", use_cpu=False, bf16=True))


def test_what_is_not_installed_is_said_at_its_key(recipe: Callable[..., Recipe]) -> None:
    pytest.importorskip("transformers")
    from transformers.utils import is_flash_attn_2_available

    if is_flash_attn_2_available():
        pytest.skip("flash attention is installed")
    with pytest.raises(UserError, match=r"attn_implementation: .*[Ff]lash"):
        trained(recipe("sft", attn_implementation="flash_attention_2"))


def test_a_loss_that_is_no_number_is_told(recipe: Callable[..., Recipe]) -> None:
    from smoltalk.train.page import page

    results = trained(recipe("sft", learning_rate=1e30, max_grad_norm=1e30))
    assert "the loss is no number at step" in results["remarks"][-1]
    assert "Over the steps" in page(results)


def test_random_weights_are_those_of_the_seed(recipe: Callable[..., Recipe], tiny: str) -> None:
    from safetensors.torch import load_file

    made = recipe("sft", from_scratch=True, max_steps=1, learning_rate=0.0, lr_scheduler_type="constant")
    results = trained(made)
    start, random = load_file(f"{tiny}/model.safetensors"), load_file(str(made.out / "model.safetensors"))
    assert results["from_scratch"]
    assert start.keys() == random.keys()
    assert not any(start[name].equal(random[name]) for name in start if "norm" not in name)


def test_the_command(
    recipe: Callable[..., Recipe], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe("sft")
    arguments = ["train", "sft", str(made.path), "--out", str(made.out)]
    assert main([*arguments, "--check"]) == 0
    assert not made.out.exists()
    assert "18 to train on, 6 held out" in capsys.readouterr().out
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert f"{STEPS} steps in" in said
    page, card = (made.out / "training.html").read_text(), (made.out / "README.md").read_text()
    assert "Next tokens foretold" in page
    assert "<script" not in page
    assert "next tokens foretold" in card
    results = json.loads((made.out / "training.json").read_text())
    assert f"{results['after']['loss']:.3f}" in card
    assert main(arguments) == 0
    assert "nothing is left to do" in capsys.readouterr().out
    assert main([*arguments, "--set", "beta=1"]) == 2
    assert "--set beta=1  no key `beta` in TRL's SFTConfig" in capsys.readouterr().err
