"""What each character is to a comparison: part of a word, a digit, a word of its own, nothing, a gap, or an escape."""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GAP, LETTER, DIGIT, ALONE, NOTHING, APOSTROPHE, BACKSLASH = range(7)

SIZE = 0x20000
"""Code points with an entry in the table; the planes above hold Han (words of their own) and marks (nothing)."""
WIDTH = 4
"""Folded characters a code point has at most; the few with more lose the rest, on both sides of a comparison."""

_APOSTROPHES = frozenset("'’ʼ＇")
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))
"""Thai to Burmese, Khmer, kana, Han: scripts written without spaces."""
# Lower-case letters of other alphabets that look Latin, or whose capitals do (as that of η), and the dotless i, which
# upper case cannot tell from the other; folded on both sides of every comparison, so nothing is lost.
_LOOKALIKE = dict(
    zip(
        "аеорсхуіјѕһԁԛԝвкмнтοανικρτυχεηβζμոհսօɑɡı",
        "aeopcxyijshdqwbkmhtoavikptuxehbzmnhuoagi",
        strict=True,
    )
)
_CAPITALS = {"Ν": "n", "Υ": "y"}
"""Greek, unlike their own small letters, which look like v and u."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by their category, and nothing to see."""
_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "


@cache
def tables() -> "tuple[NDArray[np.uint8], NDArray[np.uint32]]":
    """The kind of each code point, and the code points it folds to: `WIDTH` for each, zeros where there are fewer."""
    import numpy as np

    kinds, folds = np.zeros(SIZE + 256, np.uint8), np.zeros(SIZE * WIDTH, np.uint32)
    for low, high in _UNSPACED:
        kinds[low : high + 1] = ALONE
    for code in range(SIZE):
        if kinds[code] == ALONE or 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cn":
            continue
        kinds[code] = _kind(character, category)
        folded = _folded(character)
        folds[code * WIDTH : code * WIDTH + len(folded)] = [ord(c) for c in folded]
    kinds[ord("\\")] = BACKSLASH
    kinds[SIZE : SIZE + 128], kinds[SIZE + 128 :] = kinds[:128], NOTHING
    return kinds, folds


def _kind(character: str, category: str) -> int:
    if character in _APOSTROPHES:
        return APOSTROPHE
    if category in ("Cf", "Mn"):
        return NOTHING
    if character in _BLANK:
        return GAP
    if unicodedata.decimal(character, None) is not None:
        return DIGIT
    return LETTER if category[0] in "LN" or category == "Mc" else GAP


def _folded(character: str) -> str:
    if character.isascii():
        return character.lower()
    if character in _APOSTROPHES:
        return "'"
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if character in _BLANK:
        return " "
    if character in _CAPITALS:
        return _CAPITALS[character]
    name = unicodedata.name(character, "")
    if name.startswith(_SMALL_CAPITAL) and len(name) == len(_SMALL_CAPITAL) + 1:
        return name[-1].lower()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    kept = [c for c in text if unicodedata.category(c) not in ("Cf", "Mn")]
    return "".join(_LOOKALIKE.get(c, c) for c in kept)[:WIDTH]
