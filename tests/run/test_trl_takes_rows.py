"""TRL's trainers take published rows as they stand: a step of a tiny random model on CPU for each form of a dataset."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.catalog import data_folder
from smoltalk.run.folder import RunFolder
from smoltalk.run.pair_files import write_pairs
from tests.run.published_runs import HERE, PAIRS, accepted, closed, loaded, pair, publish, turns
from tests.run.test_pairs import rejected, run_of

trl = pytest.importorskip("trl", reason="TRL is not installed")

NANO = data_folder("pipelines").parent / "smoltalk" / "nano" / "model"
TOOLED = f"""
name: tooled
steps:
  - {HERE}.Columns: {{columns: [messages, tools, chat_template_kwargs]}}
keep: [tools, chat_template_kwargs]
"""


def schema(name: str, argument: str, kind: str) -> dict[str, Any]:
    """A function of one argument, as transformers describes it."""
    parameters = {"type": "object", "properties": {argument: {"type": kind}}}
    return {"type": "function", "function": {"name": name, "description": "...", "parameters": parameters}}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """The folder of a one-layer Llama of random weights, and the tokenizer of nano."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(str(NANO))
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=256, **sizes)
    folder = str(tmp_path_factory.mktemp("tiny"))
    LlamaForCausalLM(config).save_pretrained(folder)  # DPO loads its reference model from where the model lies
    return folder, tokenizer


def rows(run: Any, cache: Path) -> Any:
    from datasets import load_dataset

    return load_dataset(str(run.data), split="train", cache_dir=str(cache))


def options(folder: Path) -> dict[str, Any]:
    quiet = {"report_to": [], "disable_tqdm": True, "save_strategy": "no", "use_cpu": True, "bf16": False}
    return {"output_dir": str(folder), "max_steps": 1, "per_device_train_batch_size": 2, "max_length": 96, **quiet}


def test_dpo_trainer_takes_pairs(tmp_path: Path, tiny: tuple[str, Any]) -> None:
    model, tokenizer = tiny
    known = {"margin": 0.5, "chosen_by": "strong", "rejected_by": "weak", "scores": [1, None]}
    run = closed(
        tmp_path / "run", [pair(f"a{i}", f"How many is {i}?", f"{i}.", "Many, many.", **known) for i in range(4)]
    )
    publish(loaded(tmp_path, text=PAIRS), run)
    dataset = rows(run, tmp_path / "cache")
    assert dataset.column_names[2:] == ["prompt", "chosen", "rejected", "margin", "chosen_by", "rejected_by", "scores"]
    assert dataset[0]["rejected"] == [{"role": "assistant", "content": "Many, many."}]
    trainer = trl.DPOTrainer(
        model=model, args=trl.DPOConfig(**options(tmp_path / "out")), train_dataset=dataset, processing_class=tokenizer
    )
    done = trainer.train()
    assert done.global_step == 1
    tokens = trainer.train_dataset[0]
    assert tokenizer.decode(tokens["chosen_ids"]).startswith("0.")
    assert tokenizer.decode(tokens["rejected_ids"]).startswith("Many, many.")


def test_dpo_trainer_takes_what_a_run_turned_away(tmp_path: Path, tiny: tuple[str, Any]) -> None:
    model, tokenizer = tiny
    lines = [rejected(f"r{i}", f"How many is {i}?", "Many.") for i in range(2)]
    run = run_of(tmp_path, *lines, *(accepted(f"a{i}", f"How many is {i}?", f"{i}.") for i in range(2)))
    assert write_pairs(run, tmp_path / "pairs").pairs == 2
    dataset = rows(RunFolder(tmp_path / "pairs"), tmp_path / "cache")
    trainer = trl.DPOTrainer(
        model=model, args=trl.DPOConfig(**options(tmp_path / "out")), train_dataset=dataset, processing_class=tokenizer
    )
    assert trainer.train().global_step == 1
    assert tokenizer.decode(trainer.train_dataset[1]["rejected_ids"]).startswith("Many.")


def test_sft_trainer_takes_tools_and_template_options(tmp_path: Path, tiny: tuple[str, Any]) -> None:
    model, tokenizer = tiny
    tokenizer.chat_template = (
        "{% for tool in tools or [] %}[{{ tool.function.name }} {{ tool.function.parameters | tojson }}]{% endfor %}"
        "{{ '(thinks)' if thinks }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    )
    schemas = [schema("add", "a", "integer"), schema("say", "text", "string")]
    lines = [
        accepted("a1", "1 and 2?", "add(1, 2)", tools=schemas[:1], chat_template_kwargs=None),
        accepted("a2", "Hi?", "Hello.", tools=None, chat_template_kwargs={"thinks": True}),
        accepted("a3", "Say.", "say()", tools=json.dumps(schemas[1:]), chat_template_kwargs={}),
    ]
    run = closed(tmp_path / "run", lines)
    publish(loaded(tmp_path, text=TOOLED), run)
    dataset = rows(run, tmp_path / "cache")
    trainer = trl.SFTTrainer(
        model=model, args=trl.SFTConfig(**options(tmp_path / "out")), train_dataset=dataset, processing_class=tokenizer
    )
    assert trainer.train().global_step == 1
    seen = [tokenizer.decode(row["input_ids"]) for row in trainer.train_dataset]
    assert seen[0].startswith("[add ") and '"integer"' in seen[0] and "string" not in seen[0]
    assert seen[1].startswith("(thinks)<user>Hi?")
    assert seen[2].startswith("[say ")


def test_sft_trainer_takes_conversations_with_function_calls(tmp_path: Path, tiny: tuple[str, Any]) -> None:
    model, tokenizer = tiny
    tokenizer.chat_template = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}"
        "{% if 'tool_calls' in m %}{% for call in m.tool_calls %}{{ call.function.arguments | tojson }}{% endfor %}"
        "{% endif %}{% endfor %}"
    )
    call = {
        "id": "abc",
        "type": "function",
        "function": {"name": "add", "arguments": {"a": 1, "b": [2, "x<|im_end|>"]}},
    }
    calling = [
        {"role": "user", "content": "1 and 2?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "name": "add", "tool_call_id": "abc", "content": "3"},
        {"role": "assistant", "content": "It is 3."},
    ]
    run = closed(tmp_path / "run", [accepted("a1", messages=calling), accepted("a2", "Hi?", "Hello.")])
    publish(loaded(tmp_path, text=TOOLED.replace("keep: [tools, chat_template_kwargs]", "")), run)
    dataset = rows(run, tmp_path / "cache")
    safe = json.loads(json.dumps(calling).replace("<|", "< |"))
    assert dataset[0]["messages"] == safe and dataset[1]["messages"] == turns("Hi?", "Hello.")
    trainer = trl.SFTTrainer(
        model=model, args=trl.SFTConfig(**options(tmp_path / "out")), train_dataset=dataset, processing_class=tokenizer
    )
    assert trainer.train().global_step == 1
    assert '{"a": 1, "b": [2, "x' in tokenizer.decode(trainer.train_dataset[0]["input_ids"])
    assert "with its function calls" in run.card.read_text()
