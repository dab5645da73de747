"""The Llama forward pass in numpy, over a key-value cache with one slot per request, in float32 or exactly.

Architecture: Touvron et al. 2023 (arXiv 2302.13971) as in transformers' `LlamaModel`: RMSNorm, rotary positions with
the rotate-half convention, grouped-query attention, SwiGLU.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smoltalk.errors import WorldError
from smoltalk.llama.cache import Cache
from smoltalk.llama.exact import PROBABILITY_BITS, WEIGHT_BITS, on_grid
from smoltalk.llama.folder import read_shape
from smoltalk.llama.weights import Array, read_tensors

Ids = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive tokens of one request: rows `first` to `last` of a step, written to `slot` from position `start`."""

    slot: int
    start: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One block's matrices as [inputs, outputs], query, key and value side by side, gate and up side by side."""

    norm_in: Array
    qkv: Array
    out: Array
    norm_mid: Array
    gate_up: Array
    down: Array


class Llama:
    """A loaded model. Holds no state: threads may share it, each with slots of its own in a `Cache`."""

    def __init__(self, folder: Path, exact: bool = True) -> None:
        """Load from a Hugging Face folder. Raises `WorldError` when a file is missing, cut short or not a Llama.

        `exact` computes in float64 with sums that have no order (see `exact`); otherwise float32, twice as fast.
        """
        self.shape = shape = read_shape(folder)
        self.dtype = np.dtype(np.float64 if exact else np.float32)
        tensors = read_tensors(folder / "model.safetensors")
        self.scores = "score.weight" in tensors
        """True for a reward model: its head writes one score, not logits."""
        try:
            self._load(tensors)
        except (KeyError, ValueError) as error:
            raise WorldError(f"{folder / 'model.safetensors'} does not fit config.json: {error}") from None
        half = shape.head_dim // 2
        angles = np.outer(np.arange(shape.positions), shape.rope_theta ** (-np.arange(half) / half))[:, None, :]
        self._cos, self._sin = np.cos(angles).astype(self.dtype), np.sin(angles).astype(self.dtype)

    def _load(self, tensors: Mapping[str, Array]) -> None:
        for name, tensor in tensors.items():
            if tensor.shape != (due := self.shape.of(name)):
                raise ValueError(f"{name} is {list(tensor.shape)}, not {list(due)}")

        def vector(name: str) -> Array:
            return tensors[name].astype(self.dtype)

        def matrix(*names: str) -> Array:
            # Stored [outputs, inputs]; several side by side make one product of them.
            stacked = np.concatenate([tensors[name] for name in names]).T
            return on_grid(np.ascontiguousarray(stacked, self.dtype), WEIGHT_BITS)

        def layer(index: int) -> Layer:
            at, mlp, root = (f"model.layers.{index}.{part}" for part in ("self_attn.", "mlp.", ""))
            return Layer(
                norm_in=vector(root + "input_layernorm.weight"),
                qkv=matrix(at + "q_proj.weight", at + "k_proj.weight", at + "v_proj.weight"),
                out=matrix(at + "o_proj.weight"),
                norm_mid=vector(root + "post_attention_layernorm.weight"),
                gate_up=matrix(mlp + "gate_proj.weight", mlp + "up_proj.weight"),
                down=matrix(mlp + "down_proj.weight"),
            )

        self._layers = [layer(index) for index in range(self.shape.layers)]
        self._embeddings = vector("model.embed_tokens.weight")
        self._norm = vector("model.norm.weight")
        language = "model.embed_tokens.weight" if self.shape.tied else "lm_head.weight"
        self._head = matrix("score.weight" if self.scores else language)

    def hidden(
        self, cache: Cache, tokens: Ids, positions: Ids, slots: Ids, singles: int = 0, chunks: Sequence[Chunk] = ()
    ) -> Array:
        """Last hidden states [rows, hidden] of one step; keys and values go to the cache.

        Row i holds token `tokens[i]` of the request in `slots[i]` at `positions[i]`. The first `singles` rows belong
        to that many different slots (one decoded token each), the rest to `chunks` (prompts).
        """
        x: Array = self._embeddings[tokens]
        turn = self._cos[positions], self._sin[positions]
        for index, layer in enumerate(self._layers):
            q, k, v = self._project(on_grid(self._normed(x, layer.norm_in)) @ layer.qkv, turn)
            keys, values = cache.keys[index], cache.values[index]
            keys[slots, :, positions], values[slots, :, positions] = k, v
            mixed = np.empty_like(q)
            if singles:
                mixed[:singles] = _attend_singles(q[:singles], keys, values, slots[:singles], positions[:singles])
            for chunk in chunks:
                mixed[chunk.first : chunk.last] = _attend_chunk(q[chunk.first : chunk.last], keys, values, chunk)
            x += on_grid(mixed.reshape(len(x), -1)) @ layer.out
            x += self._feed_forward(on_grid(self._normed(x, layer.norm_mid)), layer)
        cache.tokens[slots, positions] = tokens
        return self._normed(x, self._norm)

    def logits(self, hidden: Array) -> Array:
        """[rows, vocabulary] from last hidden states; [rows, 1] scores for a reward model."""
        return on_grid(hidden) @ self._head

    def _normed(self, x: Array, weight: Array) -> Array:
        mean_square = np.add.reduce(x * x, axis=-1, keepdims=True) / x.shape[-1]
        normed: Array = x / np.sqrt(mean_square + self.shape.norm_epsilon)
        normed *= weight
        return normed

    def _project(self, qkv: Array, turn: tuple[Array, Array]) -> tuple[Array, Array, Array]:
        """Split into heads [rows, heads, head_dim], rotate queries and keys, scale queries."""
        shape = self.shape
        split = qkv.reshape(len(qkv), -1, shape.head_dim)
        turned = split[:, : shape.heads + shape.kv_heads]
        left, right = turned[..., : shape.head_dim // 2], turned[..., shape.head_dim // 2 :]
        cos, sin = turn
        qk = np.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)
        qk[:, : shape.heads] *= shape.head_dim**-0.5
        qk = on_grid(qk)
        return qk[:, : shape.heads], qk[:, shape.heads :], on_grid(split[:, shape.heads + shape.kv_heads :])

    def _feed_forward(self, x: Array, layer: Layer) -> Array:
        both = x @ layer.gate_up
        gate, up = both[:, : self.shape.feed_forward], both[:, self.shape.feed_forward :]
        # Below -80 the sigmoid is 0 to float32; the clip keeps exp from overflowing.
        sigmoid = np.exp(-np.maximum(gate, -80.0), dtype=np.float32, casting="same_kind")
        sigmoid += 1
        gate /= sigmoid
        return on_grid(gate * up) @ layer.down


def _attend_singles(q: Array, keys: Array, values: Array, slots: Ids, positions: Ids) -> Array:
    """One query per slot, [rows, heads, head_dim], over each slot's own past."""
    kv_heads, dim = keys.shape[1], keys.shape[3]
    # A slice of the cache, idle slots included, is cheaper than a copy of the busy ones.
    low, high, length = int(slots.min()), int(slots.max()) + 1, int(positions.max()) + 1
    slots = slots - low
    queries = np.zeros((high - low, kv_heads, q.shape[1] // kv_heads, dim), q.dtype)
    queries[slots] = q.reshape(len(q), kv_heads, -1, dim)
    scores = queries @ keys[low:high, :, :length].swapaxes(-1, -2)
    last = np.zeros(high - low, np.intp)
    last[slots] = positions
    hidden = np.arange(length) > last[:, None]
    scores = np.where(hidden[:, None, None, :], -np.inf, scores)
    mixed: Array = (_softmax(scores) @ values[low:high, :, :length])[slots]
    return mixed.reshape(q.shape)


def _attend_chunk(q: Array, keys: Array, values: Array, chunk: Chunk) -> Array:
    """Causal attention of one request's consecutive queries, [rows, heads, head_dim], over its past and themselves."""
    kv_heads, dim, rows = keys.shape[1], keys.shape[3], len(q)
    end = chunk.start + rows
    queries = q.reshape(rows, kv_heads, -1, dim).transpose(1, 2, 0, 3).reshape(kv_heads, -1, dim)
    scores = (queries @ keys[chunk.slot, :, :end].swapaxes(-1, -2)).reshape(kv_heads, -1, rows, end)
    hidden = np.arange(end) > np.arange(chunk.start, end)[:, None]
    scores[:, :, hidden] = -np.inf
    mixed = _softmax(scores).reshape(kv_heads, -1, end) @ values[chunk.slot, :, :end]
    return mixed.reshape(kv_heads, -1, rows, dim).transpose(2, 0, 1, 3).reshape(q.shape)


def _softmax(scores: Array) -> Array:
    """Probabilities over the last axis on the exact grid, before and after dividing: their sum has no order either."""
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores, dtype=np.float32, casting="same_kind").astype(scores.dtype, copy=False)
    weights = on_grid(weights, PROBABILITY_BITS)
    weights /= np.add.reduce(weights, axis=-1, keepdims=True)
    return on_grid(weights, PROBABILITY_BITS)
