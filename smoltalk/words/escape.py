r"""Escaped line ends and tabs (`\n` as two characters), compiled: a gap in texts that once were JSON or code.

LaTeX has commands that begin with the same letters; those it knows stay words.
"""

from typing import Any

import numpy as np

from smoltalk.words.compiled import compiled

_LATEX = (
    "nabla ne neg neq newline nexists ni nleq ngeq nmid not notin nsubseteq nu nparallel "
    "rangle rbrace rceil rfloor rho right rightarrow rightharpoonup rm rtimes rule "
    "tan tanh tau tbinom text textbf textit textrm textsf texttt textwidth tfrac therefore theta tilde times to top "
    "triangle triangleq triangleleft triangleright"
)
_LONGEST = 16


def _key(name: str) -> int:
    key = 0
    for byte in name.encode():
        key = (key * 131 + byte) % (1 << 32)
    return key


_KEYS = np.array(sorted(map(_key, _LATEX.split())), np.uint64)
_BASE, _LOW = np.uint64(131), np.uint64(0xFFFFFFFF)


@compiled
def escaped(data: Any, at: int, last: int) -> int:
    """How many bytes from `at` on, right behind a backslash, are the rest of an escaped gap: 1, or 0."""
    if at >= last or (data[at] != 110 and data[at] != 114 and data[at] != 116):
        return 0
    key, end = np.uint64(0), min(last, at + _LONGEST)
    while at < end and 97 <= data[at] <= 122:
        key = (key * _BASE + np.uint64(data[at])) & _LOW
        at += 1
    place = np.searchsorted(_KEYS, key)
    return int(place == len(_KEYS) or _KEYS[place] != key)
