"""Which characters normalise to the same text wherever they stand, and to which: most of what rows hold."""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from smoltalk.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 0x3400
"""Code points with an entry."""
WIDTH = 8
"""Bytes of UTF-8 that a character normalises to at most."""
SPACE, NOT_SIMPLE = 255, 0


@cache
def table() -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """For each code point how many bytes it becomes, `SPACE` or `NOT_SIMPLE`; and those bytes, `WIDTH` for each."""
    import numpy as np

    lengths, into = np.zeros(SIZE, np.uint8), np.zeros(SIZE * WIDTH, np.uint8)
    for code in range(128, SIZE):
        character = chr(code)
        if character.isspace():
            lengths[code] = SPACE
            continue
        text = normalise(f"x{character}x")[1:-1]  # between others, or spaces at its ends would be lost
        written = text.encode()
        if 0 < len(written) <= WIDTH and all(map(_stands_alone, character + text)):
            lengths[code] = len(written)
            into[code * WIDTH : code * WIDTH + len(written)] = list(written)
    return lengths, into


def _stands_alone(character: str) -> bool:
    """Whether nothing before it can join with it (UAX #15: marks, and the vowels and finals of Hangul), nor a space."""
    joins = unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or unicodedata.combining(character)
    return not (joins or 0x1100 <= ord(character) <= 0x11FF or character.isspace())
