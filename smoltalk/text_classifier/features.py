"""A text as the numbers a linear model sees: which hashed words and pairs of words it has, and how often."""

from typing import TYPE_CHECKING

from smoltalk.text import words
from smoltalk.text_classifier.hashing import ngrams, word_hashes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEATURES_VERSION = "1.1"
"""Raised whenever `features` changes what it returns: classifiers trained before are then refused."""

LONGEST = 20_000
"""Characters of a text that are looked at; what a page is, its first pages say."""


def version() -> str:
    """What a classifier must have been trained with."""
    return FEATURES_VERSION


def features(text: str, bits: int) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
    """Buckets of the text's words and pairs of words, sorted, `2 ** bits` of them, and `1 + log(count)` of each.

    Both are empty for a text without words.
    """
    import numpy as np

    singles = word_hashes(words(text[:LONGEST]))
    both = np.concatenate([ngrams(singles, 1), ngrams(singles, 2)]) >> np.uint64(64 - bits)
    buckets, counts = np.unique(both.astype(np.int64), return_counts=True)
    return buckets, 1.0 + np.log(counts)
