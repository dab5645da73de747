"""The words of a text as hashes, at the speed of compiled code: what decontamination and de-duplication compare.

Case, accents, width, punctuation, invisible characters, escaped line ends and look-alike letters do not count; scripts
without spaces give one word a character; numbers that follow each other are one word, whose digits are kept beside its
hash. `scan` and `listed` load the compiler; nothing that is imported here does.
"""

from smoltalk.words.arrow import Texts, texts_of, texts_of_column

__all__ = ["VERSION", "Texts", "texts_of", "texts_of_column"]

VERSION = 4
"""Raised whenever a text's words or their hashes change: stored hashes are then void."""
