"""The commands of other suites, and how a training went as its trainer wrote it down."""

import json
from pathlib import Path

import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.eval.curves import training
from smoltalk.eval.handover import command, run, shown
from smoltalk.eval.naming import model_of

SERVED = "openai: {model: some/model, base_url: http://localhost:8000/v1}"
LORA = "model: org/base, enable_lora: true, max_lora_rank: 64, lora_modules: [mine=org/adapter], lora: mine"


@pytest.mark.parametrize(
    ("suite", "model", "words"),
    [
        ("lm-eval", "org/model", "lm_eval --model vllm --model_args pretrained=org/model --tasks ifeval,gsm8k"),
        (
            "lm-eval",
            "vllm: {model: org/model, tensor_parallel_size: 2}",
            "lm_eval --model vllm --model_args pretrained=org/model,tensor_parallel_size=2 --tasks ifeval,gsm8k",
        ),
        (
            "lm-eval",
            SERVED,
            "lm_eval --model local-chat-completions --model_args "
            "model=some/model,base_url=http://localhost:8000/v1/chat/completions --tasks ifeval,gsm8k",
        ),
        ("lighteval", "org/model", "lighteval vllm model_name=org/model ifeval,gsm8k"),
        (
            "lighteval",
            "vllm: {model: org/model, max_model_len: 4096}",
            "lighteval vllm model_name=org/model,max_model_length=4096 ifeval,gsm8k",
        ),
        (
            "lm-eval",
            f"vllm: {{{LORA}}}",
            "lm_eval --model vllm --model_args pretrained=org/base,lora_local_path=org/adapter,max_lora_rank=64 ",
        ),
        (
            "lighteval",
            f"vllm: {{{LORA}}}",
            "lighteval accelerate model_name=org/adapter,adapter_weights=true,base_model=org/base ifeval,gsm8k",
        ),
        (
            "lighteval",
            SERVED,
            "lighteval endpoint litellm provider=openai,model_name=openai/some/model,base_url=http://localhost:8000/v1"
            " ifeval,gsm8k",
        ),
    ],
)
def test_a_model_is_handed_to_a_suite(suite: str, model: str, words: str, tmp_path: Path) -> None:
    said = shown(command(suite, model_of(model), ["ifeval", "gsm8k"], tmp_path, 5))  # type: ignore[arg-type]
    assert said.startswith(words) and str(tmp_path) in said and said.count(" 5") == 1
    assert ("--apply_chat_template" in said) == (suite == "lm-eval")


def test_a_small_llama_runs_on_transformers_there() -> None:
    words = command("lm-eval", model_of("nano"), ["gsm8k"], Path("out"))
    assert words[2] == "hf" and words[4].startswith("pretrained=/") and words[4].endswith(",dtype=float32")


def test_what_cannot_be_handed_over_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{say: [Hi]}]")
    with pytest.raises(UserError, match="by their weights or behind an endpoint"):
        command("lm-eval", model_of(f"scripted: {{replies: {rules}}}"), ["gsm8k"], tmp_path)
    with pytest.raises(UserError, match="names no task"):
        command("lm-eval", model_of("nano"), [], tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorldError, match="lm-eval is not installed"):
        run("lm-eval", ["lm_eval"])


def test_curves_are_those_of_the_last_checkpoint(tmp_path: Path) -> None:
    assert training("none", tmp_path) is None and training("none", None) is None
    for step in (9, 10):
        history = [{"step": s, "loss": 1 / s, "eval_rewards/accuracies": s / 10} for s in (1, step)]
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    found = training("mine", tmp_path)
    assert found and found.curves["held-out reward accuracy"] == [(1, 0.1), (10, 1.0)]
    assert found.curves["loss"] == [(1, 1.0), (10, 0.1)]
    (tmp_path / "training.json").write_text(json.dumps({"history": [{"step": 3, "loss": 0.5}, {"loss": 1}]}))
    own = training("mine", tmp_path)
    assert own and own.curves == {"loss": [(3, 0.5)]}
