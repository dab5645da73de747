"""Hashes of words and of runs of them, the same in every process and on every machine."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@lru_cache(maxsize=1 << 18)
def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def word_hashes(tokens: Sequence[str]) -> "NDArray[np.uint64]":
    """A 64-bit hash of each word (BLAKE2b), the same in every process and on every machine."""
    import numpy as np

    return np.fromiter(map(_word_hash, tokens), np.uint64, len(tokens))


def ngrams(hashes: "NDArray[np.uint64]", n: int) -> "NDArray[np.uint64]":
    """Hashes of every run of `n` words, in order, from `word_hashes`: `max(0, len(hashes) - n + 1)` of them.

    A polynomial over the word hashes (Karp and Rabin 1987), then the finaliser of MurmurHash3 (Appleby 2011).
    """
    import numpy as np

    count = len(hashes) - n + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    total = np.full(count, n, np.uint64)
    for place in range(n):
        total *= np.uint64(0x9E3779B97F4A7C15)
        total += hashes[place : place + count]
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        total ^= total >> np.uint64(33)
        total *= np.uint64(factor)
    total ^= total >> np.uint64(33)
    return total
