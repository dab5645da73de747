"""A row's place, decided by its id and the pipeline's seed alone: which rows of a source go in, where, in which split.

A key is a permutation of the id's 64 bits, so equal keys are equal ids. The smallest keys of a source are its sample;
the order in the dataset and the split come from other permutations of it, or a small sample would all stand in front.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIGITS = 16
_ORDER, _SPLIT = np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB)
_STEP = np.uint64(0x9E3779B97F4A7C15)


def keys(ids: pa.Array, seed: int) -> "NDArray[np.uint64]":
    """The key of each id (16 hex digits)."""
    salt = np.uint64(int.from_bytes(hashlib.blake2b(f"mix {seed}".encode(), digest_size=8).digest()))
    return _mixed(_numbers(ids) ^ salt)


def places(of: "NDArray[np.uint64]", copies: "NDArray[np.uint64] | None" = None) -> "NDArray[np.uint64]":
    """Where rows stand in their split; `copies` counts the copies of a row from 0, the row itself."""
    own = _mixed(of ^ _ORDER)
    return own if copies is None else np.where(copies == 0, own, _mixed(own + copies * _STEP))


def splits(of: "NDArray[np.uint64]", shares: Mapping[str, float]) -> "NDArray[np.int64]":
    """The number of each row's split; copies of a row are in the same one."""
    ends = np.cumsum(list(shares.values()))[:-1]
    draw = (_mixed(of ^ _SPLIT) >> np.uint64(11)).astype(np.float64) / 2**53
    return np.searchsorted(ends, draw, "right").astype(np.int64)


def _numbers(ids: pa.Array) -> "NDArray[np.uint64]":
    if not len(ids):
        return np.empty(0, np.uint64)
    text = ids.cast(pa.string()).cast(pa.binary(_DIGITS))
    data = np.frombuffer(text.buffers()[1], np.uint8)[text.offset * _DIGITS : (text.offset + len(text)) * _DIGITS]
    nibbles = np.where(data >= ord("a"), data - (ord("a") - 10), data - ord("0")).reshape(-1, _DIGITS // 2, 2)
    whole = (nibbles[:, :, 0] << 4) | nibbles[:, :, 1]
    return np.ascontiguousarray(whole).view(">u8").reshape(-1).astype(np.uint64)


def _mixed(values: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014): a permutation of the 64-bit numbers."""
    values = values + _STEP
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
