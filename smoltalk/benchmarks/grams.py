"""N-grams and runs of words as hashes, compiled."""

from typing import Any

import numpy as np

from smoltalk.words.compiled import compiled, inlined
from smoltalk.words.scan import mix

N = 3
"""Words in an n-gram."""
MANY_DIGITS = 8
"""Of a question that is a number alone: with fewer, a number is anybody's."""

_A, _B, _C = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_LOW = np.uint64(0xFFFFFFFF)
_EXACT = np.uint64(0x9FB21C651E98DF25)


@inlined
def gram(one: Any, two: Any, three: Any) -> Any:
    """The hash of three words in a row: 32 bits of the 64, for that many are stored."""
    return mix(one * _A + two * _B + three * _C) & _LOW


@compiled
def grams_of(hashes: Any, bounds: Any) -> Any:
    """The n-grams of texts with words `bounds[t]` to `bounds[t + 1]`, one text after another, in their order."""
    count = 0
    for text in range(len(bounds) - 1):
        count += max(0, bounds[text + 1] - bounds[text] - N + 1)
    found = np.empty(count, np.uint32)
    count = 0
    for text in range(len(bounds) - 1):
        for at in range(bounds[text], bounds[text + 1] - N + 1):
            found[count] = np.uint32(gram(hashes[at], hashes[at + 1], hashes[at + 2]))
            count += 1
    return found


@compiled
def run(hashes: Any, exact: Any, first: int, last: int) -> Any:
    """The hash of words `first` to `last`, numbers by their digits."""
    value = np.uint64(last - first)
    for at in range(first, last):
        value = mix(value * _A + hashes[at] + exact[at] * _EXACT)
    return value


@compiled
def runs_of(hashes: Any, exact: Any, bounds: Any) -> Any:
    """`run` of all words of each text."""
    found = np.empty(len(bounds) - 1, np.uint64)
    for text in range(len(bounds) - 1):
        found[text] = run(hashes, exact, bounds[text], bounds[text + 1])
    return found


@compiled
def digits(data: Any, first: int, last: int) -> Any:
    """The hash of the ASCII digits in some bytes, number by number; 0 where they are fewer than `MANY_DIGITS`."""
    value, count, gap = np.uint64(0), 0, False
    for at in range(first, last):
        byte = data[at]
        if 48 <= byte <= 57:
            if gap:
                value = mix(value * _A + _EXACT)
            value, count, gap = mix(value * _A + np.uint64(byte)), count + 1, False
        else:
            gap = count > 0
    return value if count >= MANY_DIGITS else np.uint64(0)
