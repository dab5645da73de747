"""The key-value cache: a slot per request, and the tokens each slot holds, so that prompts share their beginnings."""

import mmap
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from smoltalk.llama.folder import Shape
from smoltalk.llama.weights import Array


def _untouched(size: tuple[int, ...], dtype: Any) -> Array:
    """Zeros (garbage would spoil sums even under a probability of 0) that take memory only where they are written.

    numpy asks for huge pages, of which the start of every slot would fill the whole cache.
    """
    length = prod(size) * np.dtype(dtype).itemsize
    if not hasattr(mmap, "MADV_NOHUGEPAGE"):
        return np.zeros(size, dtype)
    pages = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, dtype).reshape(size)


class Cache:
    """Keys and values [layers, slots, kv_heads, positions, head_dim], and the tokens [slots, positions] they belong to.

    A slot has one owner at a time, who appends to it; only `adopt` looks at slots of others, under a lock.
    """

    def __init__(self, shape: Shape, dtype: Any, slots: int) -> None:
        size = (shape.layers, slots, shape.kv_heads, shape.positions, shape.head_dim)
        self.keys, self.values = _untouched(size, dtype), _untouched(size, dtype)
        self.tokens = np.full((slots, shape.positions), -1)
        self._lock = Lock()

    def adopt(self, prompt: Array, free: list[int]) -> tuple[int, int]:
        """Take a slot out of `free` for `prompt`: the slot, and how many leading tokens it already holds.

        Keys and values of a token depend on the tokens before it alone, so any request with the
        same beginning may lend them. The last token is always left to compute: its hidden state is needed.
        """
        with self._lock:
            differs = np.ones((len(self.tokens), len(prompt)), bool)
            differs[:, :-1] = self.tokens[:, : len(prompt) - 1] != prompt[:-1]
            shared = differs.argmax(axis=1)
            lender = int(shared.argmax())
            count = int(shared[lender])
            own = max(free, key=lambda slot: int(shared[slot]))
            # The slot that has been free for longest is the least likely to be asked for again.
            slot = own if shared[own] == count and count else free[0]
            free.remove(slot)
            if shared[slot] < count:
                self.keys[:, slot, :, :count] = self.keys[:, lender, :, :count]
                self.values[:, slot, :, :count] = self.values[:, lender, :, :count]
            self.tokens[slot, :count] = prompt[:count]
            self.tokens[slot, count:] = -1
            return slot, count
