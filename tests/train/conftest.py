"""A recipe around a few rows, for tests of training."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Row = dict[str, Any]
Write = Callable[..., Path]


def said(role: str, content: Any) -> dict[str, Any]:
    """A turn."""
    return {"role": role, "content": content}


def talk(number: int) -> Row:
    """A sound conversation of two turns."""
    return {"id": f"t{number}", "messages": [said("user", f"What is {number}?"), said("assistant", f"It is {number}.")]}


def pair(number: int) -> Row:
    """A sound pair."""
    return {
        "id": f"p{number}", "prompt": [said("user", f"What is {number}?")],
        "chosen": [said("assistant", f"It is {number}.")], "rejected": [said("assistant", f"Nothing, {number} times.")],
    }  # fmt: skip


@pytest.fixture
def recipe_file(tmp_path: Path) -> Write:
    """Writes a recipe and, where rows are given, the file it names; keywords are TRL's keys."""

    def write(rows: list[Row] | None = None, data: dict[str, Any] | None = None, **said: Any) -> Path:
        keys: dict[str, Any] = {"model_name_or_path": "nano", "use_cpu": True, "bf16": False, "seed": 0}
        if rows is not None:
            file = tmp_path / "rows.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            keys["data"] = {"files": str(file), **(data or {})}
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(keys | said, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a one-layer Llama of random weights with nano's tokenizer."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    import smoltalk.nano

    tokenizer = AutoTokenizer.from_pretrained(str(Path(smoltalk.nano.__file__).parent / "model"))
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    marks = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    folder = str(tmp_path_factory.mktemp("tiny"))
    LlamaForCausalLM(
        LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **sizes, **marks)
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
