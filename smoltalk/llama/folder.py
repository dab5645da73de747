"""What a Hugging Face folder says of its Llama (config.json, the safetensors header), without loading anything."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import Any

from smoltalk.errors import WorldError

LONGEST_CONTEXT = 4096
"""Tokens; caps models that allow more, whose cache would not fit."""
_FILES = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of config.json that the forward pass needs."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    positions: int
    """Longest context, in tokens."""
    rope_theta: float
    norm_epsilon: float
    tied: bool
    stop_ids: frozenset[int]

    def of(self, tensor: str) -> tuple[int, ...]:
        """The shape a tensor of transformers' `LlamaModel` must have, from its name."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "q_proj": (queries, self.hidden),
            "k_proj": (keys, self.hidden),
            "v_proj": (keys, self.hidden),
            "o_proj": (self.hidden, queries),
            "gate_proj": (self.feed_forward, self.hidden),
            "up_proj": (self.feed_forward, self.hidden),
            "down_proj": (self.hidden, self.feed_forward),
            "embed_tokens": (self.vocabulary, self.hidden),
            "lm_head": (self.vocabulary, self.hidden),
            "score": (1, self.hidden),
        }.get(tensor.split(".")[-2], (self.hidden,))


def missing_files(folder: Path) -> list[str]:
    """Names of the files a model folder must hold and does not."""
    return [name for name in _FILES if not (folder / name).is_file()]


def faults(folder: Path) -> Iterator[str]:
    """What keeps a model folder from loading, a sentence each, as far as config and header tell."""
    if missing := missing_files(folder):
        yield f"the model folder {folder} lacks {', '.join(missing)}"
        return
    try:
        read_shape(folder)
        read_header(folder / "model.safetensors")
    except WorldError as error:
        yield str(error)


def is_reward_model(folder: Path) -> bool:
    """Whether the weights end in a score and not in words."""
    return "score.weight" in read_header(folder / "model.safetensors")[0]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises `WorldError` when it is missing or broken."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise WorldError(f"{path} is missing; a model folder holds {', '.join(_FILES)}") from None
    except (OSError, ValueError) as error:
        raise WorldError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise WorldError(f"{path} is not a JSON object")
    return content


def read_shape(folder: Path) -> Shape:
    """The model's shape. Raises `WorldError` for anything but a plain Llama, rather than computing it wrongly."""
    path = folder / "config.json"
    config = read_json(path)
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    odd = {
        "model_type": config.get("model_type") != "llama",
        "hidden_act": config.get("hidden_act", "silu") != "silu",
        "attention_bias": bool(config.get("attention_bias")),
        "mlp_bias": bool(config.get("mlp_bias")),
        "rope_type": rope.get("rope_type", rope.get("type", "default")) != "default",
    }
    if any(odd.values()):
        names = ", ".join(name for name, is_odd in odd.items() if is_odd)
        raise WorldError(f"{path}: only plain Llama models run here; this one differs in {names}")
    try:
        heads = int(config["num_attention_heads"])
        eos = config.get("eos_token_id")
        return Shape(
            hidden=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or config["hidden_size"] // heads),
            feed_forward=int(config["intermediate_size"]),
            vocabulary=int(config["vocab_size"]),
            positions=min(int(config["max_position_embeddings"]), LONGEST_CONTEXT),
            rope_theta=float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0),
            norm_epsilon=float(config.get("rms_norm_eps", 1e-6)),
            tied=bool(config.get("tie_word_embeddings")),
            stop_ids=frozenset(eos if isinstance(eos, list) else [] if eos is None else [eos]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WorldError(f"{path} lacks a number the model needs: {error!r}") from None


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The tensors a safetensors file lists, and the byte where their data starts.

    Format: 8 bytes little-endian header length, a JSON header, the data (huggingface.co/docs/safetensors).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = 8 + int.from_bytes(file.read(8), "little")
            if not 8 < start <= size:
                raise ValueError("its header is cut short")
            header = json.loads(file.read(start - 8))
        header.pop("__metadata__", None)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except FileNotFoundError:
        raise WorldError(f"{path} is missing; a model folder holds {', '.join(_FILES)}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorldError(f"{path} is not a safetensors file: {error}") from None
    if start + end > size:
        raise WorldError(f"{path} is cut short: {size} bytes of {start + end}; fetch it again")
    return header, start


def count_parameters(folder: Path) -> int:
    """How many numbers the model has, from the safetensors header alone."""
    header, _ = read_header(folder / "model.safetensors")
    return sum(prod(entry["shape"]) for entry in header.values())


def fingerprint(folder: Path) -> str:
    """16 hex digits that change when the weights, the config, the tokenizer or the chat template do."""
    names = (*_FILES, "chat_template.jinja", "tokenizer_config.json")
    stats = [(path, path.stat()) for path in (folder / name for name in names) if path.is_file()]
    return _hash_files(tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats))


@lru_cache(maxsize=16)
def _hash_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = blake2b(digest_size=8)
    for path, size, _ in files:
        digest.update(f"{path.name}\0{size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
